import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { Random } from '../../support/random.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
})
afterAll(() => database.drop())

const ROUNDS = 800

test('P1 KB18 B8 what Prisma says of invalid arguments under a guard fails no valid call that begins a moment later', async () => {
  const open = () =>
    database.createClient({ errorFormat: 'minimal', adapter: database.adapter({ connections: 4 }) })
  const [plain, base] = [open(), open()]
  await plain.user.createMany({
    data: [1, 2, 3, 4].map((id) => ({ id, email: `user${id}@example.org`, name: 'Ada' })),
  })
  const prisma = base.$extends(brisk({ slowQuery: { sinks: [] } })) as unknown as PrismaClient
  await prisma.user.count()
  const ask = (on: PrismaClient, id: unknown, selection: object) =>
    on.user
      .findUnique({ where: { id: id as number }, ...selection })
      .then(JSON.stringify, ({ name }: Error) => name)
  const random = new Random(1)
  const known = new Map<string, string>()
  for (let round = 0; round < ROUNDS; round++) {
    const selection = random.pick([{ include: { messages: true } }, { select: { name: true } }, {}])
    const calls = random.list(2, 8, () => ({
      id: random.chance(0.3) ? random.pick<unknown>(['one', null, { equals: 3 }, 1.5]) : random.int(1, 6),
      steps: random.pick([0, 0, 0, 1, 2, 3, 5]),
    }))
    const answers = await Promise.all(
      calls.map(async ({ id, steps }) => {
        for (let step = 0; step < steps; step++)
          await (step % 2 === 1 ? new Promise((resolve) => setImmediate(resolve)) : null)
        return ask(prisma, id, selection)
      }),
    )
    for (const [index, { id }] of calls.entries()) {
      const key = JSON.stringify([id, selection])
      if (!known.has(key)) known.set(key, await ask(plain, id, selection))
      expect({ round, calls, index, answer: answers[index] }).toEqual({
        round,
        calls,
        index,
        answer: known.get(key),
      })
    }
  }
})
