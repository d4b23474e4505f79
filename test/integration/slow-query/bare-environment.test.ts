import type { SinkRecord } from '@prisma-brisk/slow-query'
import { createDatabase } from '../../support/databases.ts'

/** What jsdom takes away from a test, and what it gives in its place. */
const missing = ['setImmediate', 'clearImmediate'] as const
const numbered = ['setTimeout', 'setInterval'] as const
const own = Object.fromEntries([...missing, ...numbered].map((name) => [name, globalThis[name]]))

afterEach(() => Object.assign(globalThis, own))

test('KR18 works where the environment has no setImmediate and timers are numbers', async () => {
  const database = await createDatabase('sqlite')
  try {
    const client = database.createClient()
    for (const name of missing) Reflect.deleteProperty(globalThis, name)
    let timers = 0
    for (const name of numbered) Object.assign(globalThis, { [name]: () => ++timers })
    const { slowQuery } = await import('@prisma-brisk/slow-query')
    const records: SinkRecord[] = []
    const prisma = client.$extends(
      slowQuery({
        threshold: 0.000_001,
        alerts: [{ metric: 'p95', warn: 1 }],
        sinks: [{ write: (record) => void records.push(record) }],
      }),
    )
    await prisma.tag.count()
    await prisma.$queries.flush()
    expect(records).toMatchObject([{ type: 'slow-query', operation: 'count' }])
  } finally {
    Object.assign(globalThis, own)
    await database.drop()
  }
})
