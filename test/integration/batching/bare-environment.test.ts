import { createDatabase } from '../../support/databases.ts'

/** What jsdom takes away from a test. */
const missing = ['setImmediate', 'clearImmediate'] as const
const own = Object.fromEntries(missing.map((name) => [name, globalThis[name]]))

afterEach(() => Object.assign(globalThis, own))

test('KR18 works where the environment has no setImmediate', async () => {
  const database = await createDatabase('sqlite')
  try {
    const client = database.createClient()
    for (const name of missing) Reflect.deleteProperty(globalThis, name)
    const { batching } = await import('@prisma-brisk/batching')
    const prisma = client.$extends(batching({ schedule: 'immediate' }))
    expect(await Promise.all([1, 2].map((id) => prisma.tag.findUnique({ where: { id } })))).toEqual([
      null,
      null,
    ])
    await prisma.$disconnect()
  } finally {
    Object.assign(globalThis, own)
    await database.drop()
  }
})
