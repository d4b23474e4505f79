import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { pagination, type LimitEvent, type PaginationOptions } from '@prisma-brisk/pagination'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { recordStatements } from '../../support/statements.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

const { jest } = import.meta
const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
let database: TestDatabase<PrismaClient>

beforeAll(async () => {
  database = await createDatabase('postgresql')
  const plain = database.createClient()
  await plain.tag.createMany({ data: Array.from({ length: 30 }, (_, index) => ({ name: `tag ${index}` })) })
})
afterAll(() => database.drop())

/** A client with limits, and what its driver got. */
function limited(options: PaginationOptions) {
  const { client, log } = database.createRecordedClient()
  return { client: client.$extends(pagination(options)), log }
}

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  )

describe('a list without take', () => {
  test('P1 is cut to the stated default, noted and told', async () => {
    const { client, log } = limited({ defaultLimit: 10 })
    const events: LimitEvent[] = []
    const listen = (event: unknown) => events.push(event as LimitEvent)
    subscribe('prisma-brisk:limit', listen)
    try {
      expect(await client.tag.findMany()).toHaveLength(10)
    } finally {
      unsubscribe('prisma-brisk:limit', listen)
    }
    expect(log.statements.map(({ rows }) => rows)).toEqual([11])
    expect(events).toEqual([{ model: 'Tag', operation: 'findMany', rule: 'default', limit: 10 }])
  })

  test('P1 is cut with one warning for each place in the code', async () => {
    const { client } = limited({ defaultLimit: 10 })
    warned.mockClear()
    for (let time = 0; time < 3; time++) await client.tag.findMany()
    await client.tag.findMany({ where: { name: { lt: 'tag 1' } } })
    expect(warned.mock.calls.map(([message]) => message)).toEqual([
      expect.stringMatching(
        /^prisma-brisk: Tag\.findMany at .*limits\.test\.ts:\d+:\d+ was cut to its default limit of 10 rows\. /,
      ),
    ])
  })

  test('P1 is guarded where nothing is stated: the whole list up to the maximum', async () => {
    const { client, log } = limited({ maxLimit: 30 })
    expect(await client.tag.findMany()).toHaveLength(30)
    expect(log.statements.map(({ rows }) => rows)).toEqual([30])
  })

  test('P1 fails loudly with one row more than the maximum', async () => {
    const { client, log } = limited({ maxLimit: 29 })
    await expect(client.tag.findMany()).rejects.toMatchObject({
      code: 'E_UNBOUNDED_READ',
      list: 'Tag.findMany',
      allowed: 29,
      callSite: expect.stringMatching(/limits\.test\.ts:\d+:\d+$/),
      message: expect.stringMatching(/take of at most 29.*cursorPage\(\).*unbounded: 'nightly export'/),
    })
    expect(log.statements.map(({ rows }) => rows)).toEqual([30])
  })

  test("P1 is refused before anything is sent under 'reject'", async () => {
    const { client, log } = limited({ onMissing: 'reject' })
    expect(await code(client.tag.findMany())).toBe('E_UNBOUNDED_READ')
    expect(log.statements).toEqual([])
  })
})

test('P1 KR35 a filter too long for one statement is split as plain Prisma splits it, from the first read on', async () => {
  const { client } = limited({ maxLimit: 50 })
  const ids = Array.from({ length: 40_000 }, (_, index) => index)
  for (let time = 0; time < 2; time++)
    expect(await client.tag.findMany({ where: { id: { in: ids } } })).toHaveLength(30)
  const { client: strict } = limited({ maxLimit: 29 })
  expect(await code(strict.tag.findMany({ where: { id: { in: ids } } }))).toBe('E_UNBOUNDED_READ')
})

test('P1 a filter too long for the statement that a default bounds is refused with the reason', async () => {
  const { client } = limited({ defaultLimit: 50 })
  const ids = Array.from({ length: 40_000 }, (_, index) => index)
  await expect(client.tag.findMany({ where: { id: { in: ids } } })).rejects.toMatchObject({
    code: 'E_UNLIMITABLE',
    reason: 'its filter has more values than one statement may bind',
  })
})

describe('a take above the maximum', () => {
  test('P2 is refused, naming model, asked, allowed and the way out', async () => {
    const { client, log } = limited({ maxLimit: 20 })
    await expect(client.tag.findMany({ take: 21 })).rejects.toMatchObject({
      code: 'E_LIMIT_EXCEEDED',
      list: 'Tag.findMany',
      asked: 21,
      allowed: 20,
      callSite: expect.stringMatching(/limits\.test\.ts:\d+:\d+$/),
      message: expect.stringMatching(/at \S+limits\.test\.ts.*unbounded: 'nightly export'/),
    })
    expect(log.statements).toEqual([])
  })

  test("P2 is lowered under 'clamp', from either end", async () => {
    const { client } = limited({ maxLimit: 20, onExceeded: 'clamp' })
    expect(await client.tag.findMany({ take: 25 })).toHaveLength(20)
    const last = await client.tag.findMany({ take: -25, orderBy: { id: 'asc' } })
    expect(last.map(({ name }) => name)).toEqual(
      Array.from({ length: 20 }, (_, index) => `tag ${index + 10}`),
    )
  })

  test("P2 is left under 'allow'", async () => {
    const { client } = limited({ maxLimit: 20, onExceeded: 'allow' })
    expect(await client.tag.findMany({ take: 25 })).toHaveLength(25)
  })

  test('P2 a model has limits of its own', async () => {
    const { client } = limited({ maxLimit: 20, models: { Tag: { maxLimit: 25 } } })
    expect(await client.tag.findMany({ take: 25 })).toHaveLength(25)
    expect(await code(client.user.findMany({ take: 25 }))).toBe('E_LIMIT_EXCEEDED')
  })
})

describe('numbers', () => {
  test.each([
    ['2.5', 2.5],
    ["'5'", '5'],
    ['null', null],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['5n', 5n],
    ['2^31', 2 ** 31],
    ['2^32+1', 2 ** 32 + 1],
    ['an object', {}],
  ])('P3 take: %s is E_INVALID_LIMIT before anything is sent', async (_, take) => {
    const { client, log } = limited({ onExceeded: 'allow' })
    for (const read of [
      client.tag.findMany({ take: take as number }),
      client.tag.findFirst({ take: take as number }),
      client.tag.count({ take: take as number }),
      client.tag.groupBy({ by: 'name', orderBy: { name: 'asc' }, take: take as number }),
      client.user.findFirst({ include: { messages: { take: take as number } } }),
    ])
      expect(await code(read)).toBe('E_INVALID_LIMIT')
    expect(log.statements).toEqual([])
  })

  test('P3 zero, negative and missing ones mean what they mean to Prisma', async () => {
    const { client } = limited({ maxLimit: 200, defaultLimit: 7 })
    expect(await client.tag.findMany({ take: 0 })).toEqual([])
    const last = await client.tag.findMany({ take: -5, orderBy: { id: 'asc' } })
    expect(last.map(({ name }) => name)).toEqual(['tag 25', 'tag 26', 'tag 27', 'tag 28', 'tag 29'])
    expect(await code(client.tag.findMany({ take: -201 }))).toBe('E_LIMIT_EXCEEDED')
    expect(await client.tag.findMany({ take: undefined })).toHaveLength(7)
  })

  test.each([
    ['-1', -1, 'E_INVALID_OFFSET'],
    ['2.5', 2.5, 'E_INVALID_OFFSET'],
    ["'5'", '5', 'E_INVALID_OFFSET'],
    ['null', null, 'E_INVALID_OFFSET'],
    ['2^32+1', 2 ** 32 + 1, 'E_INVALID_OFFSET'],
    ['101', 101, 'E_OFFSET_TOO_DEEP'],
  ])('P4 skip: %s is refused before anything is sent', async (_, skip, expected) => {
    const { client, log } = limited({ maxOffset: 100 })
    for (const read of [
      client.tag.findMany({ take: 1, skip: skip as number }),
      client.tag.findFirst({ skip: skip as number }),
      client.user.findFirst({ include: { messages: { take: 1, skip: skip as number } } }),
    ])
      expect(await code(read)).toBe(expected)
    expect(log.statements).toEqual([])
  })

  test('P4 the deepest offset is served, and a deeper one points at cursorPage', async () => {
    const { client } = limited({ maxOffset: 20 })
    expect(await client.tag.findMany({ skip: 20 })).toHaveLength(10)
    await expect(client.tag.findMany({ skip: 21 })).rejects.toThrow('cursorPage()')
  })
})

describe('the way out', () => {
  test('P11 a reason lifts every limit, is noted, told and stripped', async () => {
    const { client } = limited({ maxLimit: 5, maxOffset: 0 })
    const events: unknown[] = []
    const listen = (event: unknown) => events.push(event)
    subscribe('prisma-brisk:limit', listen)
    try {
      expect(await client.tag.findMany({ unbounded: 'nightly export', skip: 1 })).toHaveLength(29)
    } finally {
      unsubscribe('prisma-brisk:limit', listen)
    }
    expect(events).toEqual([
      { model: 'Tag', operation: 'findMany', rule: 'unbounded', limit: null, reason: 'nightly export' },
    ])
  })

  test.each([
    ['true', true],
    ['an empty string', ''],
    ['a number', 1],
  ])('P11 %s is no reason', async (_, reason) => {
    const { client, log } = limited({})
    expect(await code(client.tag.findMany({ unbounded: reason as string }))).toBe('E_INVALID_REASON')
    expect(log.statements).toEqual([])
  })
})

describe('transactions', () => {
  test('P12 an interactive transaction has the same limits', async () => {
    const { client } = limited({ maxLimit: 5 })
    await client.$transaction(async (tx) => {
      expect(await code(tx.tag.findMany())).toBe('E_UNBOUNDED_READ')
      expect(await tx.tag.findMany({ take: 5 })).toHaveLength(5)
    })
  })

  test('P12 one refused member rejects the array, and nothing is sent', async () => {
    const { client, log } = limited({ maxLimit: 5 })
    const before = client.tag.findMany({ take: 5 })
    const refused = client.tag.findMany({ take: 6 })
    expect(await code(client.$transaction([before, refused, client.tag.count()]))).toBe('E_LIMIT_EXCEEDED')
    expect(log.statements).toEqual([])
    expect(log.transactions).toEqual([])
    expect(await client.$transaction([client.tag.findMany({ take: 5 }), client.tag.count()])).toEqual([
      expect.any(Array),
      30,
    ])
  })

  test('P12 members keep the bound of their own', async () => {
    const { client } = limited({ maxLimit: 40, defaultLimit: 3 })
    const [cut, whole] = await client.$transaction([client.tag.findMany(), client.tag.findMany({ take: 40 })])
    expect(cut).toHaveLength(3)
    expect(whole).toHaveLength(30)
  })
})

test("P14 'allow' everywhere leaves the arguments as they are", async () => {
  const seen: unknown[] = []
  const log = recordStatements(database.adapter())
  const client = database
    .createClient({ adapter: log.adapter })
    .$extends(pagination({ onMissing: 'allow', onExceeded: 'allow', maxOffset: 2 ** 31 - 2 }))
  const args = { where: { id: { gt: 1 } }, include: { exercises: { include: { tags: { take: 3 } } } } }
  seen.push(await client.tag.findMany(args))
  const plainLog = recordStatements(database.adapter())
  seen.push(await database.createClient({ adapter: plainLog.adapter }).tag.findMany(args))
  expect(log.statements).toEqual(plainLog.statements)
  expect(seen[0]).toEqual(seen[1])
})
