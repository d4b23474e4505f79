import { TestProject } from '../support/project.ts'

const schema = `datasource db {
  provider = "postgresql"
}

model Play {
  id       Int      @id
  userId   Int
  trackId  Int
  playedAt DateTime
  user     User     @relation(fields: [userId], references: [id])
  track    Track    @relation(fields: [trackId], references: [id])
  device   Device   @relation(fields: [deviceId], references: [id])
  deviceId Int
  tags     String[]
}

model User {
  id    Int    @id
  plays Play[]
}

model Track {
  id    Int    @id
  plays Play[]
}

model Device {
  id    Int    @id
  plays Play[]
}
`

let project: TestProject
beforeAll(() => {
  project = new TestProject({ 'prisma/schema.prisma': schema })
})
afterAll(() => project.remove())

test('X52 what indexes cost writes is said of each and of all: as on the tables where it was measured', async () => {
  const { output } = await project.run('advise', '--no-source')
  expect(output).toContain('@@index([userId])  medium · static, inserts +23 %, in bulk +48 %')
  expect(output).toContain(
    'What they cost writes, about:\n  Play: 3 indexes more, inserts +70 %, in bulk +144 %\n',
  )
  const { output: json } = await project.run('advise', '--no-source', '--format', 'json')
  const { recommendations } = JSON.parse(json) as { recommendations: { writes: object }[] }
  expect(recommendations[0]?.writes).toEqual({ indexes: 1, single: 0.233, bulk: 0.481 })
})

test('X52 it is said before anything is written, whatever the format', async () => {
  const { errors } = await project.run('advise', '--no-source', '--write', '--format', 'json')
  expect(errors).toMatch(/^What they cost writes, about:\n {2}Play: 3 indexes more, inserts \+70 %[^]*wrote /)
})

test('X52 --write-weight is a whole number', async () => {
  const { code, errors } = await project.run('advise', '--no-source', '--write-weight', 'much')
  expect(code).toBe(2)
  expect(errors).toContain('--write-weight <times>')
})
