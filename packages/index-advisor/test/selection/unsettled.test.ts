import { adviceOn } from '../support/small-project.ts'

/** KA-A4: an index that holds a column which updates write takes from them that they touch no index (HOT). */

const models = `
model Worker {
  id   Int   @id
  jobs Job[]
}
model Job {
  id       Int      @id
  worker   Worker?  @relation(fields: [workerId], references: [id])
  workerId Int?
  queue    String
  state    String
  tries    Int
  runAt    DateTime
  touched  DateTime @updatedAt
}`

const list = (where: string) => `export const list = (v: any) => prisma.job.findMany({ where: ${where} })\n`

async function said(
  where: string,
  write: string,
  provider: 'postgresql' | 'mysql' | 'sqlite' = 'postgresql',
) {
  const { run } = await adviceOn({
    models,
    provider,
    source: `${list(where)}export const write = (v: any) => prisma.${write}\n`,
  })
  return Object.fromEntries(
    run.advice.recommendations
      .filter((each) => each.writes.unsettles !== undefined)
      .map((each) => [each.id, each.writes.unsettles]),
  )
}

describe('KA-A4 updates that stop being heap-only are said', () => {
  test.each<[how: string, where: string, write: string, fields: readonly string[]]>([
    [
      'updateMany, a claim',
      `{ queue: v, state: 'pending' }`,
      `job.updateMany({ where: { state: 'pending', runAt: { lte: v } }, data: { state: 'running' } })`,
      ['state'],
    ],
    [
      'increment',
      '{ queue: v, tries: v }',
      'job.update({ where: { id: v }, data: { tries: { increment: 1 } } })',
      ['tries'],
    ],
    [
      '@updatedAt, which is in no data',
      '{ queue: v, touched: v }',
      `job.update({ where: { id: v }, data: { tries: 1 } })`,
      ['touched'],
    ],
    [
      'a relation that is connected',
      '{ workerId: v, queue: v }',
      'job.update({ where: { id: v }, data: { worker: { connect: { id: v } } } })',
      ['workerId'],
    ],
    [
      'nested updateMany',
      '{ queue: v, state: v }',
      `worker.update({ where: { id: v }, data: { jobs: { updateMany: { where: { tries: 1 }, data: { state: 'x' } } } } })`,
      ['state'],
    ],
    [
      'nested update of one',
      '{ queue: v, state: v }',
      `worker.update({ where: { id: v }, data: { jobs: { update: { where: { id: v }, data: { state: 'x' } } } } })`,
      ['state'],
    ],
    [
      'the update arm of an upsert, not its create arm',
      '{ queue: v, state: v }',
      `job.upsert({ where: { id: v }, create: { queue: v }, update: { state: 'x' } })`,
      ['state'],
    ],
    [
      'raw SQL',
      '{ queue: v, state: v }',
      `$executeRaw\`UPDATE "Job" AS j SET state = 'running', tries = tries + 1 FROM "Worker" w WHERE j.id = \${v}\``,
      ['state'],
    ],
    [
      'a claim with SKIP LOCKED',
      '{ queue: v, state: v }',
      `$queryRaw\`WITH next AS (SELECT id FROM "Job" WHERE "runAt" < now() LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE "Job" SET state = 'running' WHERE id IN (SELECT id FROM next) RETURNING id\``,
      ['state'],
    ],
    [
      'a change within a SELECT',
      '{ queue: v, state: v }',
      `$queryRaw\`WITH done AS (UPDATE "Job" SET state = 'done' WHERE id = \${v} RETURNING id) SELECT count(*) FROM done\``,
      ['state'],
    ],
    [
      'ON CONFLICT',
      '{ queue: v, state: v }',
      `$executeRaw\`INSERT INTO "Job" (id, state) VALUES (\${v}, 'x') ON CONFLICT (id) DO UPDATE SET state = excluded.state\``,
      ['state'],
    ],
  ])('KA-A4 %s', async (_, where, write, fields) => {
    expect(Object.values(await said(where, write))).toContainEqual(fields)
  })

  test('KA-A4 the sentence names field, place and what is lost', async () => {
    const { run } = await adviceOn({
      models,
      source: `${list('{ queue: v, state: v }')}export const write = (v: any) => prisma.job.update({ where: { id: v }, data: { state: 'x' } })\n`,
    })
    const found = run.advice.recommendations.find((each) => each.id === 'Job(queue, state)')
    expect(found?.reason).toContain(
      'Updates of state (Job.update at src/q.ts:4:34) stop being heap-only (HOT) with it: each then writes to every index of Job.',
    )
  })

  test.each([
    [
      'a column that no update writes',
      '{ queue: v, runAt: v }',
      `job.update({ where: { id: v }, data: { state: 'x' } })`,
    ],
    ['a write that updates nothing', '{ queue: v, state: v }', `job.create({ data: { state: 'x' } })`],
    ['a delete', '{ queue: v, state: v }', `job.deleteMany({ where: { state: 'x' } })`],
  ])('KA-A4 nothing is said of %s', async (_, where, write) => {
    expect(await said(where, write)).toEqual({})
  })

  test('KA-A4 nothing is said where an index there already holds the column', async () => {
    const { run } = await adviceOn({
      models: models.replace('@updatedAt', '@updatedAt\n  @@index([state])'),
      source: `${list('{ queue: v, state: v }')}export const write = (v: any) => prisma.job.update({ where: { id: v }, data: { state: 'x' } })\n`,
    })
    expect(run.advice.recommendations.filter((each) => each.writes.unsettles !== undefined)).toEqual([])
  })

  test.each(['mysql', 'sqlite'] as const)('KA-A4 %s has no heap-only updates', async (provider) => {
    const write = `job.update({ where: { id: v }, data: { state: 'x' } })`
    expect(await said('{ queue: v, state: v }', write, provider)).toEqual({})
  })
})
