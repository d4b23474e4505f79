import { executionAsyncId } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'
import { createDatabase } from '../../../support/databases.ts'

/**
 * Asks batched calls of every kind and prints one line of JSON for each: how many rows answered, and how many of them
 * are still held when nobody but the extension could; in the end, whether Node still keeps contexts for us. A process of its own: to collect garbage takes as long as
 * everything that is alive in it, and a worker of jest has lived through many other tests.
 */

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Rows that calls have answered with, without holding on to them. */
async function rowsOf(calls: readonly Promise<unknown>[]): Promise<WeakRef<object>[]> {
  const answers = await Promise.all(calls)
  return answers.flat().flatMap((row) => (typeof row === 'object' && row !== null ? [new WeakRef(row)] : []))
}

const database = await createDatabase('postgresql', { schema: 'demo', seed: 0.01 })
try {
  await database.createClient().$executeRawUnsafe('CREATE INDEX ON "Insight" ("userId")')
  const prisma = database
    .createClient()
    .$extends(batching({ writes: { create: true } })) as unknown as PrismaClient
  const users = [1, 2, 3, 4, 5, 6]
  const asked: Record<string, (id: number) => Promise<unknown>> = {
    alone: (id) => (id === 1 ? prisma.user.findUnique({ where: { id } }) : Promise.resolve()),
    single: (id) => prisma.user.findUnique({ where: { id } }),
    shared: () => prisma.user.findMany({ where: { name: { contains: 'a' } } }),
    list: (userId) => prisma.insight.findMany({ where: { userId } }),
    first: (userId) => prisma.insight.findMany({ where: { userId }, orderBy: { id: 'asc' }, take: 2 }),
    created: (userId) => prisma.insight.create({ data: { userId, title: 'new' } }),
    unmerged: (id) => prisma.user.findMany({ where: { id: { lte: id } } }),
  }
  // The second time first rows are found in another way.
  for (const time of ['once', 'again'])
    for (const [kind, ask] of Object.entries(asked)) {
      const rows = await rowsOf(users.map(ask))
      // Weak references hold what they name until the turn of the event loop is over.
      for (let turn = 0; turn < 3; turn++) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        collect()
      }
      const held = rows.filter((row) => row.deref() !== undefined).length
      console.log(JSON.stringify({ kind: `${kind}, ${time}`, answered: rows.length > 0, held }))
    }
  // Each of these is a client made for one request, whose option nobody else holds on to.
  const base = database.createClient()
  const mounts: WeakRef<object>[] = []
  for (let mount = 0; mount < 20; mount++) {
    const scope = () => mount
    const client = base.$extends(batching({ scope }))
    await Promise.all([1, 2].map((id) => client.user.findUnique({ where: { id } })))
    mounts.push(new WeakRef(scope))
  }
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    collect()
  }
  // The last one may be held by what this function has on its stack.
  const held = mounts.slice(0, -1).filter((scope) => scope.deref() !== undefined).length
  console.log(JSON.stringify({ kind: 'mounts', answered: true, held }))
  // Without a context of somebody's, promises have no number.
  await new Promise((resolve) => setImmediate(resolve))
  await Promise.resolve()
  console.log(JSON.stringify({ kind: 'contexts', answered: true, held: executionAsyncId() === 0 ? 0 : 1 }))
} finally {
  await database.drop()
}
