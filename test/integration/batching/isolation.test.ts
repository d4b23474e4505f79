import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readReplicas } from '@prisma/extension-read-replicas'
import { batching } from '@prisma-brisk/batching'
import type { QueryEvent } from '@prisma-brisk/core'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  await database.createClient().user.createMany({
    data: [1, 2, 3, 4].map((id) => ({ id, email: `${id}@example.org`, name: `User ${id}` })),
  })
})
afterAll(() => database.drop())

const recorded = () => database.createRecordedClient({ adapter: database.adapter({ connections: 3 }) })
const ids = (users: readonly ({ id: number } | null)[]) => users.map((user) => user?.id)

test('B26 calls of two scopes never share a statement', async () => {
  const user = new AsyncLocalStorage<string>()
  const { client, log } = recorded()
  const prisma = client.$extends(
    batching({ scope: () => user.getStore(), schedule: (send) => setTimeout(send, 5) }),
  )
  const ask = (name: string, wanted: number[]) =>
    user.run(name, () => Promise.all(wanted.map((id) => prisma.user.findUnique({ where: { id } }))))
  expect((await Promise.all([ask('ada', [1, 2]), ask('bob', [3, 4])])).map(ids)).toEqual([
    [1, 2],
    [3, 4],
  ])
  expect(log.statements.map(({ args }) => args.slice(0, 2))).toEqual([
    [1, 2],
    [3, 4],
  ])
  log.clear()
  await Promise.all([ask('ada', [1]), ask('bob', [2])])
  expect(log.statements).toHaveLength(2)
})

test('B26 calls of two clients are not merged, however long the schedule', async () => {
  const { client, log } = recorded()
  const [one, two] = [1, 2].map(() => client.$extends(batching({ schedule: (send) => setTimeout(send, 5) })))
  const found = await Promise.all(
    [one!, two!].map((prisma) => Promise.all([1, 2].map((id) => prisma.user.findFirst({ where: { id } })))),
  )
  expect(found.map(ids)).toEqual([
    [1, 2],
    [1, 2],
  ])
  expect(log.statements).toHaveLength(2)
})

test('B27 each caller keeps its own context, in which it is told of the batch that answered it', async () => {
  const span = new AsyncLocalStorage<number>()
  const { client } = recorded()
  const prisma = client.$extends(batching())
  const links: [number | undefined, number | undefined][] = []
  const link = (event: unknown) =>
    links.push([span.getStore(), ((event as QueryEvent).notes['batch'] as { id: number } | undefined)?.id])
  subscribe('prisma-brisk:query', link)
  const seen = await Promise.all(
    [1, 2, 3].map((id) =>
      span.run(id, async () => {
        await prisma.user.findUnique({ where: { id } })
        return span.getStore()
      }),
    ),
  )
  unsubscribe('prisma-brisk:query', link)
  expect(seen).toEqual([1, 2, 3])
  expect(links.map(([context]) => context)).toEqual([1, 2, 3])
  expect(new Set(links.map(([, batch]) => batch)).size).toBe(1)
  expect(links[0]![1]).toEqual(expect.any(Number))
})

test('B28 with read replicas the choice of the primary is kept', async () => {
  const primary = recorded()
  const replica = recorded()
  const prisma = primary.client
    .$extends(batching())
    .$extends(readReplicas({ replicas: [replica.client.$extends(batching()) as never] }))
  const found = await Promise.all([
    prisma.user.findUnique({ where: { id: 1 } }),
    prisma.user.findUnique({ where: { id: 2 } }),
    prisma.$primary().user.findUnique({ where: { id: 3 } }),
    prisma.$primary().user.findUnique({ where: { id: 4 } }),
  ])
  expect(ids(found)).toEqual([1, 2, 3, 4])
  expect(replica.log.statements.flatMap(({ args }) => args.slice(0, 2))).toEqual([1, 2])
  expect(primary.log.statements.flatMap(({ args }) => args.slice(0, 2))).toEqual([3, 4])
})

test('B29 extensions before us run once a caller, those after us are not skipped', async () => {
  const before: unknown[] = []
  const after: unknown[] = []
  const { client, log } = recorded()
  const watch = (seen: unknown[]) => ({
    query: {
      $allModels: {
        $allOperations: ({
          operation,
          args,
          query,
        }: {
          operation: string
          args: unknown
          query: (args: never) => Promise<unknown>
        }) => {
          seen.push(operation)
          return query(args as never)
        },
      },
    },
  })
  const prisma = client.$extends(watch(before)).$extends(batching())
  const further = prisma.$extends(watch(after))
  await Promise.all([1, 2].map((id) => prisma.user.findMany({ where: { id } })))
  expect(before).toEqual(['findMany', 'findMany'])
  log.clear()
  await Promise.all([
    ...[1, 2].map((id) => prisma.user.findMany({ where: { id } })),
    ...[3, 4].map((id) => further.user.findMany({ where: { id } })),
  ])
  // What stands behind batching may change what a merged call means: nothing is merged in front of it.
  expect(log.statements.map(({ args }) => Number(args[0])).sort((a, b) => a - b)).toEqual([1, 3, 4])
  expect(after).toEqual(['findMany', 'findMany'])
})

test('computed fields are each client’s own', async () => {
  const { client } = recorded()
  const prisma = client.$extends(batching())
  const shouting = prisma.$extends({
    result: { user: { shout: { needs: { name: true }, compute: ({ name }) => name.toUpperCase() } } },
  })
  const [plain, loud] = await Promise.all([
    Promise.all([1, 2].map((id) => prisma.user.findUnique({ where: { id } }))),
    Promise.all([1, 2].map((id) => shouting.user.findUnique({ where: { id }, select: { shout: true } }))),
  ])
  expect(plain.map((user) => Object.hasOwn(user!, 'shout'))).toEqual([false, false])
  expect(loud.map((user) => user?.shout)).toEqual(['USER 1', 'USER 2'])
})
