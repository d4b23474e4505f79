import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase } from '../../support/databases.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Rows that calls have answered with, without holding on to them. */
async function rowsOf(calls: readonly Promise<unknown>[]): Promise<WeakRef<object>[]> {
  const answers = await Promise.all(calls)
  return answers.flat().flatMap((row) => (typeof row === 'object' && row !== null ? [new WeakRef(row)] : []))
}

test('B31 nothing of a batch is held once its calls are answered', async () => {
  const database = await createDatabase('postgresql', { schema: 'demo', seed: 0.01 })
  try {
    await database.createClient().$executeRawUnsafe('CREATE INDEX ON "Insight" ("userId")')
    const prisma = database.createClient().$extends(batching()) as unknown as PrismaClient
    const users = [1, 2, 3, 4, 5, 6]
    const asked: Record<string, (id: number) => Promise<unknown>> = {
      alone: (id) => (id === 1 ? prisma.user.findUnique({ where: { id } }) : Promise.resolve()),
      single: (id) => prisma.user.findUnique({ where: { id } }),
      shared: () => prisma.user.findMany({ where: { name: { contains: 'a' } } }),
      list: (userId) => prisma.insight.findMany({ where: { userId } }),
      first: (userId) => prisma.insight.findMany({ where: { userId }, orderBy: { id: 'asc' }, take: 2 }),
      unmerged: (id) => prisma.user.findMany({ where: { id: { lte: id } } }),
    }
    // The second time first rows are found in another way.
    for (let time = 0; time < 2; time++)
      for (const [kind, ask] of Object.entries(asked)) {
        const rows = await rowsOf(users.map(ask))
        expect([kind, rows.length]).not.toEqual([kind, 0])
        // Weak references hold what they name until the turn of the event loop is over.
        for (let turn = 0; turn < 3; turn++) {
          await new Promise((resolve) => setTimeout(resolve, 5))
          collect()
        }
        expect([kind, rows.filter((row) => row.deref() !== undefined).length]).toEqual([kind, 0])
      }
  } finally {
    await database.drop()
  }
})
