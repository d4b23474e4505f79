import { batching } from '@prisma-brisk/batching'
import { createDatabase, type Provider } from '../../support/databases.ts'
import { hooked } from '../../support/hooked-client.ts'
import { forSeeds, type Random } from '../../support/random.ts'
import { print } from './support/oracle.ts'

/** 5,000 (`BRISK_SEEDS`) run through the night. */
const SEEDS = 500
const BUDGET = { seconds: 4, atLeast: 50 }

/**
 * The oracle for creates: plain Prisma, one call at a time, on one database; the same calls at once on another. Ids and
 * times apart, every caller gets the same row or the same error, and in the end the same rows are stored.
 */
describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('creates on %s', (provider) => {
  test('B36 KB1 creates at once answer and store as they do one by one, whatever becomes of their buffers', async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(() => createDatabase(provider as 'postgresql', { schema: 'key-types' })),
    )
    try {
      const [plain, base] = [one!, other!].map((database) =>
        database.createClient({ errorFormat: 'minimal', adapter: database.adapter({ connections: 4 }) }),
      )
      const ways = [base!, hooked(base!)].map((client) =>
        client.$extends(batching({ writes: { create: true } })),
      )
      for (const client of [plain!, base!]) {
        await client.made.createMany({ data: [1, 2, 3].map((row) => ({ id: idOf(row), number: -row })) })
      }
      for (const client of [plain!, base!]) {
        await client.compositeKey.createMany({
          data: [1, 2, 3].map((tenant) => ({ tenant, code: 'taken', label: 'x', number: -tenant })),
        })
      }
      let number = 0
      await forSeeds(
        SEEDS,
        async (random) => {
          const batched = random.pick(ways)
          const calls = randomCreates(random, () => ++number)
          const expected: string[] = []
          for (const call of calls) expected.push(await outcomeOf(plain!, withBuffer(call).call))
          const given = await outcomesAtOnce(batched, calls)
          // Of equal creates any one may be the first.
          expect(sortedByCall(calls, given)).toEqual(sortedByCall(calls, expected))
        },
        BUDGET,
      )
      for (const model of ['made', 'numbered', 'compositeKey', 'compositeItem'] as const) {
        const [expected, given] = await Promise.all(
          [plain!, base!].map(async (client) => {
            const find = client[model].findMany as (args: object) => Promise<object[]>
            const rows = await find(provider === 'sqlite' && model === 'made' ? { omit: unreadable } : {})
            return rows.map((row) => print(masked(row, true))).sort()
          }),
        )
        expect(given).toEqual(expected)
      }
      const { batched: merged, statements } = ways[0]!.$batching.stats()
      expect(merged).toBeGreaterThan(statements)
    } finally {
      await Promise.all([one!.drop(), other!.drop()])
    }
  }, 600_000)
})

/** Columns with values that SQLite's driver stores and does not read. */
const unreadable = { big: true, amount: true }

/** Begins all calls in one tick; once Prisma has its arguments, a buffer among them is used for something else. */
async function outcomesAtOnce(client: object, calls: readonly Create[]): Promise<string[]> {
  const outcomes: Promise<string>[] = []
  for (const each of calls) {
    const { call, buffer } = withBuffer(each)
    outcomes.push(outcomeOf(client, call))
    for (let job = 0; job < 40; job++) await Promise.resolve()
    buffer?.fill(0xee)
  }
  return Promise.all(outcomes)
}

/** The same create with its bytes in a Buffer of its own. */
function withBuffer({ model, args }: Create): { call: Create; buffer: Buffer | null } {
  const { bytes } = args.data
  if (!(bytes instanceof Uint8Array)) return { call: { model, args }, buffer: null }
  const buffer = Buffer.from(bytes)
  return { call: { model, args: { ...args, data: { ...args.data, bytes: buffer } } }, buffer }
}

interface Create {
  model: 'made' | 'numbered' | 'compositeKey' | 'compositeItem'
  args: { data: Record<string, unknown>; [argument: string]: unknown }
}

/** Calls of a few shapes, among them some that violate what the tables ask, or that are no creates of one row. */
function randomCreates(random: Random, next: () => number): Create[] {
  return random.shuffle(
    random
      .list(1, 3, () => {
        const shape = random.pick(shapes)
        const selection = random.pick(selections[shape.model])
        const calls = random.list(2, 9, (): Create => ({
          model: shape.model,
          args: { data: shape.data(random, next), ...selection },
        }))
        return random.chance(0.3) ? [...calls, calls[0] as Create] : calls
      })
      .flat(),
  )
}

const idOf = (row: number): string => `01890a5d-ac96-774b-bcce-${String(row).padStart(12, '0')}`

interface Shape {
  model: Create['model']
  data(random: Random, next: () => number): Record<string, unknown>
}

/** Some no driver carries to the database, some SQLite's does not read back. */
const bigIntegers = [5n, 6, 2n ** 64n, 2n ** 62n, -(2n ** 63n), '4611686018427387904', 2 ** 60]
const amounts = ['1.5', 2, '1e400', '12345678901234567', '-98765432109876543']

const shapes: Shape[] = [
  { model: 'made', data: (random, next) => ({ number: random.chance(0.9) ? next() : -1 }) },
  {
    model: 'made',
    data: (random, next) => ({ code: random.pick([`c${next()}`, `ü${next()}`, null]), level: 'HIGH' }),
  },
  {
    model: 'made',
    data: (random, next) => ({
      id: random.chance(0.9) ? idOf(next() + 10) : random.pick([idOf(1), idOf(2), null, 'no uuid']),
      amount: random.pick(['1.25', 3, '1e2']),
      json: random.pick([{ b: null }, [1, 2], 'x', 5]),
    }),
  },
  {
    model: 'made',
    data: (random, next) => ({
      id: random.chance(0.9) ? idOf(next() + 10).toUpperCase() : idOf(3).toUpperCase(),
      bytes: random.pick([null, new Uint8Array([1, 0, 255])]),
      parentId: random.chance(0.8) ? idOf(random.int(1, 3)) : idOf(999),
    }),
  },
  {
    model: 'made',
    data: (random, next) => ({
      code: `m${next()}`,
      made: new Date('2020-02-29T01:02:03.456Z'),
      big: 12345678901n,
    }),
  },
  {
    model: 'made',
    data: (random, next) => ({
      code: `n${next()}`,
      ...random.pick([{ big: random.pick(bigIntegers) }, { amount: random.pick(amounts) }]),
    }),
  },
  { model: 'made', data: (random) => ({ level: random.pick(['LOW', 'HIGH', 'NONE']) }) },
  {
    model: 'made',
    data: (random, next) => ({ number: random.pick([next(), 'five', 2 ** 40, 1.5]), amount: 1 }),
  },
  { model: 'made', data: (_, next) => ({ number: next(), parent: { connect: { id: idOf(1) } } }) },
  { model: 'made', data: (_, next) => ({ number: next(), children: { create: [{ number: next() }] } }) },
  { model: 'made', data: () => ({}) },
  { model: 'numbered', data: (_, next) => ({ text: `t${next()}` }) },
  { model: 'numbered', data: () => ({ text: 'same' }) },
  {
    model: 'compositeKey',
    data: (random, next) => ({
      tenant: random.int(1, 3),
      code: random.chance(0.8) ? `k${next()}` : 'taken',
      label: 'x',
      region: random.pick([null, 'r']),
      number: next(),
    }),
  },
  {
    model: 'compositeItem',
    data: (random, next) => ({ id: next(), tenant: 1, code: random.pick([null, 'none']), rank: 1 }),
  },
]

const selections: Record<Create['model'], Record<string, unknown>[]> = {
  made: [
    {},
    {},
    { select: { number: true, level: true, amount: true } },
    { omit: { id: true, json: true } },
    { include: { parent: { select: { number: true } } } },
    { select: { code: true, children: { select: { number: true } } } },
    { select: {} },
    { select: { nothing: true } },
  ],
  numbered: [{}, { select: { text: true } }, { omit: { text: true } }, { omit: { id: true, text: true } }],
  compositeKey: [{}, { select: { label: true } }, { include: { items: true } }],
  compositeItem: [{}, { omit: { id: true } }],
}

async function outcomeOf(client: object, { model, args }: Create): Promise<string> {
  try {
    const row = await (client as Record<string, { create(args: unknown): Promise<object> }>)[model]!.create(
      args,
    )
    return print(masked(row, args.data['id'] === undefined && model !== 'compositeItem'))
  } catch (error) {
    const { name, code, message } = error as Error & { code?: unknown }
    return `${name} ${print(code)} ${message.replace(/`?brisk_test_\w+`?/g, 'database')}`
  }
}

/** Without what differs from one database to another: ids that somebody made, and the time. */
function masked(row: object, hidesId: boolean): object {
  const recent = Date.now() - 3_600_000
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (name === 'token' && value !== null) return [name, typeof value]
      if (name === 'id' && hidesId) return [name, typeof value]
      if (name === 'parentId' && typeof value === 'string' && !value.startsWith(idOf(0).slice(0, 24)))
        return [name, 'made']
      return [name, value instanceof Date && value.getTime() > recent ? 'now' : value]
    }),
  )
}

function sortedByCall(calls: readonly Create[], outcomes: readonly string[]): string[] {
  return calls.map((call, index) => `${print(call)} → ${outcomes[index]}`).sort()
}
