import { PrismaPg } from '@prisma/adapter-pg'
import { pagination, type CursorPage } from '@prisma-brisk/pagination'
import { createDatabase, type Provider } from '../../support/databases.ts'
import { forSeeds, type Random } from '../../support/random.ts'

/**
 * The walk oracle: whatever the order, the page size and the filter, walking forward, walking backward and iterating give the list
 * that plain Prisma sorts, each row once, and every page knows what is around it.
 */

type Row = { id: number } & Record<string, unknown>
type Order = Record<string, 'asc' | 'desc' | { sort: 'asc' | 'desc'; nulls: 'first' | 'last' }>
interface Values {
  findMany(args: object): Promise<Row[]>
  createMany(args: { data: Row[] }): Promise<unknown>
  deleteMany(args?: object): Promise<unknown>
  cursorPage(args: object): Promise<CursorPage<Row>>
  iterate(args: object): AsyncIterable<Row>
}

const big = [-(2n ** 62n), -1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 62n]
const decimals = ['-1.5', '0', '0.000001', '12345678901234.123456', '12345678901234.123457']
const doubles = [-1.5, 0, 0.1, 0.1 + 0.2, 0.3, 1e300]
const times = [
  '1969-12-31T23:59:59.999Z',
  '2020-01-01T00:00:00.000Z',
  '2020-01-01T00:00:00.001Z',
  '2038-01-19T03:14:07.000Z',
]
const dates = ['1970-01-01', '2020-02-29', '2020-03-01'].map((day) => new Date(day))
const words = [
  'a',
  'A',
  'b',
  'B',
  'ä',
  'z',
  'aa',
  '',
  'ß',
  '10',
  '9',
  'a b',
  'ab',
  "o'brien",
  '%',
  '😀',
  '\\',
  'ss',
  'Ss',
  'SS',
]
const stamps = times.map((time) => new Date(time))
const levels = ['LOW', 'HIGH']

/** Every column type that a page can be ordered by, with values that are near each other. */
const columns: Record<Provider, Record<string, readonly unknown[]>> = {
  postgresql: {
    int: [-(2 ** 31), -1, 0, 1, 2 ** 31 - 1],
    smallInt: [-1, 0, 1],
    bigInt: big,
    text: words,
    varChar: words,
    char: ['a', 'b', 'ab', 'B'],
    citext: words,
    collated: words,
    uuid: [
      '00000000-0000-0000-0000-000000000001',
      'a0000000-0000-0000-0000-000000000000',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
    ],
    inet: ['10.0.0.1', '10.0.0.2', '9.255.0.1', '::1'],
    decimal: decimals,
    numeric: [...decimals, '1.0', '1.00', '1'],
    double: doubles,
    real: [-1.5, 0, Math.fround(0.1), Math.fround(0.2), Math.fround(0.3), 16777216],
    boolean: [true, false],
    timestamp: stamps,
    timestamptz: stamps,
    date: dates,
    level: levels,
  },
  mysql: {
    int: [-(2 ** 31), -1, 0, 1, 2 ** 31 - 1],
    unsignedInt: [0, 1, 2 ** 31 - 1],
    bigInt: big,
    unsignedBigInt: [0n, 2n ** 53n + 1n, 2n ** 63n],
    varChar: words,
    char: ['a', 'b', 'ab', 'B'],
    binary: words,
    decimal: decimals,
    double: doubles,
    boolean: [true, false],
    timestamp: stamps,
    date: dates,
    level: levels,
  },
  sqlite: {
    int: [-(2 ** 31), -1, 0, 1, 2 ** 31 - 1],
    // libSQL's client reads no integer that a JavaScript number cannot hold.
    bigInt: [-(2n ** 53n) + 1n, -1n, 0n, 2n ** 53n - 2n, 2n ** 53n - 1n],
    text: words,
    collated: words,
    decimal: ['-1.5', '0', '0.25', '1', '1234.5'],
    double: doubles,
    boolean: [true, false],
    timestamp: stamps,
    level: levels,
  },
}

const ROWS = 60

function makeRow(random: Random, provider: Provider, id: number): Row {
  const row: Row = { id }
  for (const [field, pool] of Object.entries(columns[provider])) {
    if (random.chance(0.8)) row[field] = random.pick(random.chance(0.6) ? pool.slice(0, 3) : pool)
  }
  return row
}

function makeOrder(random: Random, provider: Provider): Order[] {
  const fields = random.sample(Object.keys(columns[provider]), random.int(0, 3))
  if (random.chance(0.3)) fields.splice(random.int(0, fields.length), 0, 'id')
  return fields.map((field) => {
    const sort = random.pick(['asc', 'desc'] as const)
    return {
      [field]:
        field !== 'id' && random.chance(0.4)
          ? { sort, nulls: random.pick(['first', 'last'] as const) }
          : sort,
    }
  })
}

function makeFilter(random: Random): object | undefined {
  if (random.chance(0.1)) return undefined
  const ids = random.sample(
    Array.from({ length: ROWS }, (_, index) => index + 1),
    random.int(0, 14),
  )
  if (random.chance(0.2)) return { OR: [{ id: { in: ids } }, { int: null }] }
  return { id: { in: ids } }
}

async function all(rows: AsyncIterable<Row>): Promise<Row[]> {
  const read: Row[] = []
  for await (const row of rows) read.push(row)
  return read
}

/** Walks to the end and holds every page against the sorted list. */
async function walk(
  values: Values,
  args: object,
  size: number,
  sorted: readonly Row[],
  forward: boolean,
): Promise<Row[]> {
  const context = JSON.stringify({ ...args, size, forward })
  const walked: Row[] = []
  let cursor: string | null = null
  for (let pages = 0; pages <= ROWS + 1; pages++) {
    const page: CursorPage<Row> = await values.cursorPage({
      ...args,
      ...(forward ? { first: size, after: cursor } : { last: size, before: cursor }),
    })
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo
    const before = walked.length
    if (forward) walked.push(...page.items)
    else walked.unshift(...page.items)
    const [more, behind] = forward ? [hasNextPage, hasPreviousPage] : [hasPreviousPage, hasNextPage]
    expect({ context, pages, more, behind }).toEqual({
      context,
      pages,
      more: walked.length < sorted.length,
      behind: before > 0,
    })
    cursor = forward ? endCursor : startCursor
    if (!more) return walked
    expect(page.items).toHaveLength(size)
  }
  throw new Error('the walk does not end')
}

/**
 * How a database holds the values: as Prisma writes them, or in other forms that the columns take, as rows have that
 * something else has written.
 */
interface Storage {
  readonly provider: Provider
  /** Changes the columns. */
  readonly columns: readonly string[]
  /** Changes the rows, each time they are made. */
  readonly rows: readonly string[]
  /** Of the sessions. */
  readonly timeZone?: string
  /** The database itself sorts some rows in one order today and in another tomorrow. */
  readonly isUnsteady?: true
}

const storages: Record<string, Storage> = {
  postgresql: { provider: 'postgresql', columns: [], rows: [] },
  mysql: { provider: 'mysql', columns: [], rows: [] },
  sqlite: { provider: 'sqlite', columns: [], rows: [] },
  'postgresql with microseconds': {
    provider: 'postgresql',
    columns: [
      'ALTER TABLE "Value" ALTER "timestamp" TYPE timestamp(6), ALTER "timestamptz" TYPE timestamptz(6)',
    ],
    rows: [
      `UPDATE "Value" SET "timestamp" = "timestamp" + id * interval '7 microseconds' WHERE id % 3 > 0`,
      `UPDATE "Value" SET "timestamptz" = "timestamptz" + id % 5 * interval '1 microsecond'`,
    ],
  },
  'postgresql in New York': {
    provider: 'postgresql',
    columns: [],
    rows: [
      `UPDATE "Value" SET "timestamptz" = timestamptz '2025-11-02 04:30Z' + id * interval '4 minutes' WHERE id % 2 = 0`,
    ],
    timeZone: 'America/New_York',
  },
  'mysql with microseconds': {
    provider: 'mysql',
    columns: ['ALTER TABLE `Value` MODIFY `timestamp` DATETIME(6)'],
    rows: [
      'UPDATE `Value` SET `timestamp` = DATE_ADD(`timestamp`, INTERVAL id MICROSECOND) WHERE id % 3 > 0',
    ],
  },
  'mysql with collations of several levels': {
    provider: 'mysql',
    columns: [
      'ALTER TABLE `Value` MODIFY `varChar` VARCHAR(191) COLLATE utf8mb4_uca1400_as_cs, MODIFY `char` CHAR(10) COLLATE utf8mb4_uca1400_ai_cs',
    ],
    rows: [],
  },
  'mysql with long sort keys': {
    provider: 'mysql',
    columns: ['ALTER TABLE `Value` MODIFY `varChar` VARCHAR(191) COLLATE utf8mb4_uca1400_ai_ci'],
    rows: ["UPDATE `Value` SET `varChar` = CONCAT(REPEAT('ﷺ', 121), `varChar`) WHERE id % 2 = 0"],
    isUnsteady: true,
  },
  'sqlite with times of other programs': {
    provider: 'sqlite',
    columns: [],
    rows: [
      `UPDATE "Value" SET "timestamp" = strftime('%Y-%m-%d %H:%M:%S', "timestamp") WHERE id % 4 = 1`,
      `UPDATE "Value" SET "timestamp" = CAST(strftime('%s', "timestamp") AS INTEGER) * 1000 + id WHERE id % 4 = 2`,
      `UPDATE "Value" SET "timestamp" = strftime('%Y-%m-%dT%H:%M:%S.000+00:00', "timestamp") WHERE id % 4 = 3`,
    ],
  },
}

const BUDGET = { seconds: 5, atLeast: 30 }

describe.each(Object.entries(storages))(
  'on %s',
  (_, { provider, columns: changes, rows: forms, timeZone, isUnsteady }) => {
    test('P17 P20 P25 KP6 KP14 KR-A forward then backward is the sorted list, or the order is refused', async () => {
      const database = await createDatabase(provider as 'postgresql', { schema: 'key-types' })
      try {
        const adapter = () =>
          timeZone === undefined
            ? database.adapter({ connections: 2 })
            : new PrismaPg({ connectionString: database.url, max: 2, options: `-c TimeZone=${timeZone}` })
        const plain = database.createClient({ adapter: adapter() })
        const client = database
          .createClient({ adapter: adapter() })
          .$extends(pagination({ cursor: { secret: 'a secret of the walk oracle' } }))
        const list = plain.value as unknown as Values
        const values = client.value as unknown as Values
        for (const sql of changes) await plain.$executeRawUnsafe(sql)
        let refused = 0
        let walks = 0
        await forSeeds(
          300,
          async (random, seed) => {
            // New rows now and then: making them costs more than a walk.
            if (seed % 20 === 1 || process.env['BRISK_SEED'] !== undefined) {
              const makeRows = random
              await list.deleteMany()
              await list.createMany({
                data: Array.from({ length: ROWS }, (_, index) => makeRow(makeRows, provider, index + 1)),
              })
              for (const sql of forms) await plain.$executeRawUnsafe(sql)
            }
            const where = makeFilter(random)
            const orderBy = makeOrder(random, provider)
            const sorted = await list.findMany({ where, orderBy: [...orderBy, { id: 'asc' }] })
            // Pages of one row and of all rows among them, but no more than a dozen pages.
            const size = random.int(Math.max(1, Math.floor(sorted.length / 12)), sorted.length + 2)
            const args = { where, orderBy }
            const ids = (rows: readonly Row[]) => {
              const list = rows.map(({ id }) => id)
              return isUnsteady === true ? list.sort((a, b) => a - b) : list
            }
            const context = JSON.stringify({ seed, orderBy, size })
            for (const way of ['forward', 'backward', 'iterate'] as const) {
              walks++
              let walked: Row[]
              try {
                walked =
                  way === 'iterate'
                    ? await all(values.iterate({ ...args, batch: size }))
                    : await walk(values, args, size, sorted, way === 'forward')
              } catch (error) {
                if ((error as { code?: string }).code !== 'E_UNSUPPORTED_ORDER') throw error
                refused++
                continue
              }
              expect({ context, way, ids: ids(walked) }).toEqual({ context, way, ids: ids(sorted) })
              if (isUnsteady !== true) expect(walked).toEqual(sorted)
            }
          },
          BUDGET,
        )
        // Long texts and, on MariaDB, collations are refused; nothing else is.
        expect(refused).toBeLessThanOrEqual(walks / 2)
      } finally {
        await database.drop()
      }
    })
  },
)
