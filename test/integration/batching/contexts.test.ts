import { AsyncLocalStorage } from 'node:async_hooks'
import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { RecordOptions } from '../../support/statements.ts'
import { started } from './support/started.ts'

const caller = new AsyncLocalStorage<string>()

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  const plain = database.createClient()
  await plain.user.createMany({
    data: [1, 2, 3].map((id) => ({ email: `${id}@example.org`, name: `User ${id}` })),
  })
})
afterAll(() => database.drop())

/** A client whose statements name their caller in a comment. */
function commented(before?: RecordOptions['before']) {
  const { client, log } = database.createRecordedClient({
    adapter: database.adapter({ connections: 3 }),
    comments: [() => ({ caller: caller.getStore() ?? 'nobody' })],
    ...(before === undefined ? {} : { before }),
  })
  const prisma = client.$extends(batching({ writes: { create: true } }))
  /** Who has sent a statement with this value. */
  const callerOf = (value: unknown) =>
    log.statements
      .filter(({ args }) => args.includes(value))
      .map(({ sql }) => /caller='(\w+)'/.exec(sql)?.[1])
  return { prisma, log, callerOf }
}

const as = <T>(name: string, call: () => PromiseLike<T>): Promise<T> =>
  caller.run(name, () => started(call()))

/** A statement that does not pass before it may. */
function held(isHeld: (args: readonly unknown[]) => boolean) {
  let release: () => void = () => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  let reach: () => void = () => undefined
  const reached = new Promise<void>((resolve) => (reach = resolve))
  const before: RecordOptions['before'] = async ({ args }) => {
    if (!isHeld(args)) return
    reach()
    await released
  }
  return { before, reached, release }
}

test('KB16 KR26 a call that waited for a flight is sent in the context of its caller', async () => {
  const { before, reached, release } = held((args) => args.includes(1))
  const { prisma, callerOf } = commented(before)
  const calls = [as('ada', () => prisma.user.findMany({ where: { id: 1 } }))]
  await reached
  calls.push(as('bob', () => prisma.user.findMany({ where: { id: 2 } })))
  await new Promise((resolve) => setImmediate(resolve))
  release()
  await Promise.all(calls)
  expect([callerOf(1), callerOf(2)]).toEqual([['ada'], ['bob']])
})

test('KB16 calls of one tick that share nothing are sent each in the context of its caller', async () => {
  const { prisma, log } = commented()
  const callers = { ada: 'STUDENT', bob: 'TUTOR', eve: 'ADMIN' } as const
  await Promise.all(
    Object.entries(callers).map(([name, role]) =>
      as(name, () => prisma.user.findMany({ where: { role: { not: role } } })),
    ),
  )
  expect(log.sql().map((sql) => /caller='(\w+)'/.exec(sql)?.[1])).toEqual(['ada', 'bob', 'eve'])
})

test('KB16 creates that pass through or are sent again are sent in the context of their caller', async () => {
  const { prisma, callerOf } = commented()
  await Promise.all(
    ['ada', 'bob'].map((name) =>
      as(name, () => prisma.user.create({ data: { email: name, name }, include: { profile: true } })),
    ),
  )
  expect([callerOf('ada')[0], callerOf('bob')[0]]).toEqual(['ada', 'bob'])
  await Promise.allSettled(
    ['eve', '1@example.org', 'kim'].map((email) =>
      as(email.replace(/\W/g, ''), () => prisma.user.create({ data: { email, name: 'x' } })),
    ),
  )
  expect([callerOf('eve').at(-1), callerOf('1@example.org').at(-1), callerOf('kim').at(-1)]).toEqual([
    'eve',
    '1exampleorg',
    'kim',
  ])
})

test('KB16 calls whose statement failed are sent again in the context of their caller', async () => {
  const { prisma, callerOf } = commented(({ sql }) => {
    if (/ IN \(/.test(sql)) throw new Error('a bug')
  })
  await Promise.all([
    as('ada', () => prisma.user.findUnique({ where: { id: 1 } })),
    as('bob', () => prisma.user.findUnique({ where: { id: 2 } })),
  ])
  expect([callerOf(1).at(-1), callerOf(2).at(-1)]).toEqual(['ada', 'bob'])
})

test('KB16 calls that are flushed within a transaction are sent in the context of their caller', async () => {
  const { prisma, callerOf } = commented()
  await prisma.$transaction((tx) =>
    Promise.all([
      as('ada', () => tx.user.findMany({ where: { id: 1 } })),
      as('bob', () => tx.user.update({ where: { id: 2 }, data: { name: 'Bob' } })),
    ]),
  )
  expect(callerOf(1)).toEqual(['ada'])
})
