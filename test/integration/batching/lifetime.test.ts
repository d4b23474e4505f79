import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  const plain = database.createClient()
  await plain.user.createMany({
    data: [1, 2].map((id) => ({ id, email: `${id}@example.org`, name: `User ${id}` })),
  })
})
afterAll(() => database.drop())

test('KB14 $disconnect waits for what was called before it, not for what is called while it waits', async () => {
  const prisma = database.createClient().$extends(batching())
  const most = 2_000
  let calls = 0
  const loop = { stopped: false }
  const loops = [1, 2].map(async (id) => {
    for (; !loop.stopped && calls < most; calls++) await prisma.user.findMany({ where: { id } })
  })
  await prisma.$disconnect()
  loop.stopped = true
  expect(calls).toBeLessThan(most)
  await Promise.all(loops)
})

test('KB15 an answer too deep to be copied is read again, and nobody waits for ever', async () => {
  const plain = database.createClient()
  const depth = 5_000
  await plain.$executeRawUnsafe(
    `INSERT INTO "Exercise" (slug, title, subject, difficulty, active, content)
     SELECT 'e' || i, 'x', 'math', i, i < 3, (repeat('[', ${depth}) || repeat(']', ${depth}))::jsonb FROM generate_series(1, 3) i`,
  )
  const prisma = database.createClient().$extends(batching())
  const unhandled: unknown[] = []
  const note = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', note)
  try {
    const ask = (where: object) => prisma.exercise.findFirst({ where, orderBy: { id: 'asc' } })
    const asked = [
      // Booleans have no list, so that equal calls share a statement of their own; then lists, and calls equal as they stand.
      ...[true, true, false].map((active) => ask({ active })),
      ...[1, 1, 2].map((difficulty) => ask({ difficulty })),
      ...[2, 2].map((difficulty) => ask({ difficulty: { lte: difficulty } })),
    ]
    const exercises = await Promise.all(asked)
    expect(exercises.map((exercise) => depthOf(exercise?.content))).toEqual(exercises.map(() => depth))
    expect(new Set(exercises).size).toBe(exercises.length)
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).toEqual([])
  } finally {
    process.off('unhandledRejection', note)
  }
})

function depthOf(value: unknown): number {
  let depth = 0
  for (let inner = value; Array.isArray(inner); inner = inner[0] as unknown) depth++
  return depth
}
