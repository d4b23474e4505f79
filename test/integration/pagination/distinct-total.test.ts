import { pagination } from '@prisma-brisk/pagination'
import { createDatabase, type Provider } from '../../support/databases.ts'
import { forSeeds, type Random } from '../../support/random.ts'

/**
 * Plain Prisma tells rows with `distinct` apart by the text of their values, whatever the database takes for equal. A total
 * counts what it would give.
 */

const columns: [string, Provider, string[]][] = [
  ['MariaDB, whose collation knows no case', 'mysql', []],
  [
    'a binary collation of MariaDB',
    'mysql',
    ['ALTER TABLE `User` MODIFY `name` VARCHAR(191) COLLATE utf8mb4_bin'],
  ],
  ['citext', 'postgresql', ['CREATE EXTENSION citext', 'ALTER TABLE "User" ALTER name TYPE citext']],
  [
    'an ICU collation that is not deterministic',
    'postgresql',
    [
      `CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level1', deterministic = false)`,
      'ALTER TABLE "User" ALTER name TYPE text COLLATE ci',
    ],
  ],
  ['PostgreSQL as it is', 'postgresql', []],
  ['SQLite', 'sqlite', []],
]
const texts = ['a', 'A', 'á', 'a ', 'b', 'B', 'ß', 'ss', 'c', 'C', '', ' ']

type Field = 'name' | 'balance' | 'deletedAt'

describe.each(columns)('%s', (_, provider, setUp) => {
  test('KP9 the total of distinct rows is what plain Prisma gives', async () => {
    const database = await createDatabase(provider)
    const plain = database.createClient({ adapter: database.adapter({ connections: 2 }) })
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
    const prisma = client.$extends(pagination({ maxLimit: 10 }))

    const expectTotals = async (random: Random, fields: readonly Field[], where: object) => {
      const distinct = [...fields]
      const expected = (await plain.user.findMany({ where, distinct })).length
      const limit = random.int(1, 10)
      const upTo = random.pick([undefined, undefined, 0, 3, expected, 50])
      const last = Math.ceil(expected / limit)
      for (const page of new Set([1, last + 1, Math.max(1, last)])) {
        log.clear()
        const { items, pagination: found } = await prisma.user.paginate({
          where,
          distinct,
          orderBy: { id: 'asc' },
          limit,
          page,
          ...(upTo === undefined ? {} : { total: { upTo } }),
        })
        const total = Math.min(expected, upTo ?? Infinity)
        const context = { distinct, where, limit, page, upTo }
        expect({ context, total: found.total, capped: found.capped, rows: items.length }).toEqual({
          context,
          total,
          capped: expected > total,
          rows: Math.max(0, Math.min(limit, expected - (page - 1) * limit)),
        })
        // No more rows are read than are counted.
        const most = Math.max((upTo ?? 10_000) + 1, limit * page + 1)
        expect(log.statements.at(-1)?.rows).toBeLessThanOrEqual(most)
      }
    }

    try {
      for (const sql of setUp) await plain.$executeRawUnsafe(sql)
      let written = 0
      await forSeeds(6, async (random) => {
        await plain.user.deleteMany()
        await plain.user.createMany({
          data: Array.from({ length: random.int(1, 40) }, () => ({
            email: `e${written++}`,
            name: random.pick(texts),
            balance: random.pick(['1', '1.5']),
            deletedAt: random.pick([null, new Date(0)]),
          })),
        })
        const where = random.pick([{}, { name: { in: ['a', 'b', 'c'] } }, { deletedAt: null }])
        for (const fields of [['name'], ['name', 'balance'], ['deletedAt', 'name']] as const)
          await expectTotals(random, fields, where)
      })
    } finally {
      await database.drop()
    }
  })
})
