import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { InvalidOptionsError, UnsupportedClientError, type Call, type QueryEvent } from '@prisma-brisk/core'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { mountProbe } from './support/probe.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  const plain = database.createClient()
  await plain.user.createMany({
    data: [
      { name: 'ada', email: 'ada@example.org', role: 'TUTOR' },
      { name: 'bob', email: 'bob@example.org' },
      { name: 'cyd', email: 'cyd@example.org' },
    ],
  })
})
afterAll(() => database.drop())

test('a call says its model, operation, arguments, fluent path and transaction', async () => {
  const seen: Pick<Call, 'model' | 'operation' | 'dataPath'>[] = []
  const kinds: string[] = []
  const prisma = mountProbe(database.createClient(), () => (call, next) => {
    seen.push({ model: call.model, operation: call.operation, dataPath: call.dataPath })
    kinds.push(call.transaction.kind)
    return next(call)
  })
  await prisma.user.findUnique({ where: { id: 1 } }).conversations()
  await prisma.$queryRaw`SELECT 1`
  await prisma.$transaction([prisma.user.count()])
  await prisma.$transaction((tx) => tx.user.aggregate({ _max: { id: true } }))
  expect(seen).toEqual([
    { model: 'User', operation: 'findUnique', dataPath: ['select', 'conversations'] },
    { model: null, operation: '$queryRaw', dataPath: [] },
    { model: 'User', operation: 'count', dataPath: [] },
    { model: 'User', operation: 'aggregate', dataPath: [] },
  ])
  expect(kinds).toEqual(['none', 'none', 'array', 'interactive'])
})

test('every redirected operation answers as the operation itself', async () => {
  const plain = database.createClient()
  const cases: [string, Record<string, unknown>, () => Promise<unknown>][] = [
    ['findMany', { orderBy: { id: 'asc' } }, () => plain.user.findMany({ orderBy: { id: 'asc' } })],
    ['findFirst', { where: { name: 'bob' } }, () => plain.user.findFirst({ where: { name: 'bob' } })],
    ['count', {}, () => plain.user.count()],
    [
      'count',
      { select: { _all: true, name: true } },
      () => plain.user.count({ select: { _all: true, name: true } }),
    ],
    [
      'aggregate',
      { _count: true, _sum: { balance: true } },
      () => plain.user.aggregate({ _count: true, _sum: { balance: true } }),
    ],
    ['aggregate', { _count: { name: true } }, () => plain.user.aggregate({ _count: { name: true } })],
    [
      'groupBy',
      { by: ['role'], _count: true, orderBy: { role: 'asc' } },
      () => plain.user.groupBy({ by: ['role'], _count: true, orderBy: { role: 'asc' } }),
    ],
    [
      'groupBy',
      { by: 'role', _count: { _all: true }, _min: { name: true }, orderBy: { role: 'asc' } },
      () =>
        plain.user.groupBy({
          by: 'role',
          _count: { _all: true },
          _min: { name: true },
          orderBy: { role: 'asc' },
        }),
    ],
  ]
  let answer: unknown
  let [operation, args] = cases[0] as (typeof cases)[0]
  const prisma = mountProbe(database.createClient(), () => async (call, next) => {
    answer = await call.send(operation, args)
    return next(call)
  })
  for (const [nextOperation, nextArgs, expected] of cases) {
    ;[operation, args] = [nextOperation, nextArgs]
    await prisma.user.findFirst()
    expect(answer).toEqual(await expected())
    await prisma.$transaction((tx) => tx.user.findFirst())
    expect(answer).toEqual(await expected())
  }
})

test('redirected raw SQL binds every kind of value and stays in the transaction', async () => {
  const answers: unknown[] = []
  const values = [
    1,
    2n ** 60n,
    'text',
    new Date('2025-01-02T03:04:05.678Z'),
    new Uint8Array([1, 2, 255]),
    null,
    ['a', 'b'],
  ]
  const prisma = mountProbe(database.createClient(), () => async (call, next) => {
    const rows = await call.queryRaw(
      `SELECT $1::int AS i, $2::bigint AS b, $3::text AS t, $4::timestamptz AS d, $5::bytea AS y, $6::int AS n,
              $7::text[] AS l, pg_current_xact_id_if_assigned()::text AS xid`,
      values,
    )
    answers.push((rows as unknown[])[0])
    return next(call)
  })
  await prisma.$transaction(async (tx) => {
    await tx.user.updateMany({ data: { deletedAt: null } })
    await tx.user.findFirst()
    const [{ xid }] = await tx.$queryRaw<[{ xid: string }]>`SELECT pg_current_xact_id()::text AS xid`
    expect(answers[1]).toMatchObject({
      i: 1,
      b: 2n ** 60n,
      t: 'text',
      d: values[3],
      n: null,
      l: ['a', 'b'],
      xid,
    })
    expect([...(answers[1] as { y: Uint8Array }).y]).toEqual([1, 2, 255])
  })
})

test('a bound becomes `take` unless the call has its own', async () => {
  const { client, log } = database.createRecordedClient()
  const prisma = mountProbe(client, () => (call, next) => {
    call.notes.bound = 2
    return next(call)
  })
  expect(await prisma.user.findMany()).toHaveLength(2)
  expect(await prisma.user.findMany({ take: 3 })).toHaveLength(3)
  expect(log.sql()[0]).toContain('LIMIT $')
})

test('own arguments never reach Prisma, on any path', async () => {
  const prisma = mountProbe(database.createClient(), () => (call, next) => next(call), {
    ownArguments: ['shelf', 'reason'],
  })
  const own = { shelf: 1, reason: 'x' } as object
  await prisma.user.findMany({ ...own })
  await prisma.user.count({ ...own })
  await prisma.$transaction([prisma.user.findFirst({ ...own })])
  await prisma.$transaction((tx) => tx.user.findFirst({ ...own }))
})

describe('array transactions', () => {
  test('a refused member rejects the whole with its error, at once, and nothing is sent', async () => {
    const { client, log } = database.createRecordedClient()
    const prisma = mountProbe(client, () => (call, next) => {
      if (call.operation === 'count') throw new InvalidOptionsError('count', 'no count', 1)
      return next(call)
    })
    for (const order of [0, 1, 2]) {
      const members = [prisma.user.findFirst(), prisma.user.findMany()] as Promise<unknown>[]
      void members.splice(order, 0, prisma.user.count())
      const settled = members.map(() => 'pending')
      const watched = members.map((member, index) => ({
        [Symbol.toStringTag]: 'PrismaPromise',
        requestTransaction: (transaction: unknown) => {
          const sent = (
            member as unknown as { requestTransaction(t: unknown): Promise<unknown> }
          ).requestTransaction(transaction)
          void sent.then(
            () => (settled[index] = 'resolved'),
            () => (settled[index] = 'rejected'),
          )
          return sent
        },
      }))
      await expect(prisma.$transaction(watched as never)).rejects.toMatchObject({ code: 'E_INVALID_OPTIONS' })
      await new Promise((resolve) => setImmediate(resolve))
      expect(settled).toEqual(['rejected', 'rejected', 'rejected'])
    }
    expect(log.sql()).toEqual([])
  })

  test('a member that a middleware answers itself does not hold up the others', async () => {
    const prisma = mountProbe(
      database.createClient(),
      () => (call, next) => (call.operation === 'count' ? Promise.resolve(42) : next(call)),
    )
    const [count, first] = await prisma.$transaction([
      prisma.user.count(),
      prisma.user.findFirst({ orderBy: { id: 'asc' } }),
    ])
    expect(count).toBe(42)
    expect(first?.name).toBe('ada')
  })
})

describe('mounting', () => {
  test('refuses the same package twice, through foreign extensions as well', () => {
    const once = mountProbe(database.createClient(), () => (call, next) => next(call))
    expect(() => mountProbe(once, () => (call, next) => next(call))).toThrow(InvalidOptionsError)
    const between = once.$extends({ name: 'foreign' }) as unknown as PrismaClient
    expect(() => mountProbe(between, () => (call, next) => next(call))).toThrow(/mounted twice/)
    const sibling = mountProbe(database.createClient(), () => (call, next) => next(call))
    expect(sibling).toBeDefined()
  })

  test('refuses a Prisma outside the peer range, MongoDB, and what is no client', () => {
    const client = (over: object) =>
      Object.assign(Object.create(null), {
        $extends: () => undefined,
        _clientVersion: '7.10.0',
        ...over,
      }) as PrismaClient
    const mountOn = (base: PrismaClient) =>
      mountProbe({ $extends: (extension: (c: unknown) => unknown) => extension(base) }, () => (c, n) => n(c))
    expect(() => mountOn(client({ _clientVersion: '7.4.1' }))).toThrow(UnsupportedClientError)
    expect(() => mountOn(client({ _clientVersion: '8.0.0' }))).toThrow(/>=7\.4\.2 <8/)
    expect(() => mountOn(client({ _activeProvider: 'mongodb' }))).toThrow(/MongoDB is not supported/)
    expect(() => mountOn({} as PrismaClient)).toThrow(/expected a PrismaClient/)
  })

  test('extended clients of one base client share state, those of another do not', async () => {
    const key = Symbol('shared')
    const states: object[] = []
    const probe = (client: PrismaClient) =>
      mountProbe(client, (host) => {
        states.push(host.state(key, () => ({})))
        return (call, next) => next(call)
      })
    const base = database.createClient()
    probe(base)
    probe(base)
    probe(database.createClient())
    expect(states[0]).toBe(states[1])
    expect(states[0]).not.toBe(states[2])
  })

  test('packages close before the client disconnects, while statements can still be sent', async () => {
    let closed = 0
    const base = database.createClient()
    const prisma = mountProbe(base, (host) => {
      host.onDisconnect(async () => {
        closed = await base.user.count()
      })
      return (call, next) => next(call)
    })
    await prisma.user.count()
    await prisma.$disconnect()
    expect(closed).toBe(3)
  })

  test('who tells what the others did closes last, even if one of them fails', async () => {
    const closed: string[] = []
    const prisma = mountProbe(database.createClient(), (host) => {
      host.onDisconnect(() => void closed.push('last'), 'last')
      host.onDisconnect(async () => {
        await new Promise((resolve) => setImmediate(resolve))
        closed.push('first')
      })
      const stopFailing = host.onDisconnect(() => {
        stopFailing()
        return Promise.reject(new Error('fails'))
      })
      const forget = host.onDisconnect(() => void closed.push('forgotten'), 'last')
      forget()
      return (call, next) => next(call)
    })
    await expect(prisma.$disconnect()).rejects.toThrow('fails')
    expect(closed).toEqual(['first', 'last'])
  })
})

test('the query channel tells of every operation, failures included', async () => {
  const events: QueryEvent[] = []
  const listen = (message: unknown) => events.push(message as QueryEvent)
  subscribe('prisma-brisk:query', listen)
  const prisma = mountProbe(database.createClient(), () => (call, next) => {
    call.notes.cache = 'hit'
    return next(call)
  })
  await prisma.user.count()
  await prisma.user.create({ data: { name: 'ada', email: 'ada@example.org' } }).catch(() => undefined)
  unsubscribe('prisma-brisk:query', listen)
  expect(events.map(({ model, operation, notes }) => [model, operation, notes.cache])).toEqual([
    ['User', 'count', 'hit'],
    ['User', 'create', 'hit'],
  ])
  expect(events[0]?.error).toBeUndefined()
  expect(events[1]?.error).toMatchObject({ code: 'P2002' })
  expect(events[0]?.ms).toBeGreaterThan(0)
})
