import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pagination } from '@prisma-brisk/pagination'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase } from '../../support/databases.ts'

/**
 * Prints the guide's table. `BRISK_UPDATE_GUIDE=1` writes it into the guide; otherwise the guide must have it already.
 */

const guide = join(import.meta.dirname, '../../../docs/guide/pagination-in-detail.md')
const id = { id: true }
const byTitle = { orderBy: { title: 'asc' } } as const
const of = (take: number) => ({ take, select: id })

interface Shape {
  name: string
  read(client: PrismaClient): Promise<unknown>
}

const shapes: Shape[] = [
  { name: '`findMany()` without `take`, 1,000 rows there', read: (p) => p.insight.findMany() },
  { name: '`findMany({ take: 200 })`', read: (p) => p.insight.findMany({ take: 200 }) },
  { name: '`distinct`, `take: 200`', read: (p) => p.insight.findMany({ distinct: ['title'], take: 200 }) },
  {
    name: '`cursor` in an order that is not unique, `take: 200`',
    read: (p) => p.insight.findMany({ cursor: { id: 1 }, ...byTitle, take: 200 }),
  },
  {
    name: '`cursor` in an order with nulls, `take: 200`',
    read: (p) =>
      p.insight.findMany({ cursor: { id: 1 }, orderBy: [{ patternId: 'asc' }, { id: 'asc' }], take: 200 }),
  },
  {
    name: '`findFirst` with such a cursor',
    read: (p) => p.insight.findFirst({ cursor: { id: 1 }, ...byTitle }),
  },
  {
    name: '`findUnique` with a list of `take: 200`',
    read: (p) => p.user.findUnique({ where: { id: 1 }, select: { insights: of(200) } }),
  },
  {
    name: '`findFirst` with a list of `take: 200`',
    read: (p) => p.user.findFirst({ where: { id: 1 }, select: { insights: of(200) } }),
  },
  {
    name: '`findMany` of 10 rows with a list of `take: 20` each',
    read: (p) => p.user.findMany({ take: 10, select: { insights: of(20) } }),
  },
  {
    name: 'the same, many-to-many',
    read: (p) => p.conversation.findMany({ take: 10, select: { tags: of(20) } }),
  },
  {
    name: 'ten `findUnique` of one tick with a list of `take: 20` each',
    read: (p) =>
      Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          p.user.findUnique({ where: { id: index + 1 }, select: { insights: of(20) } }),
        ),
      ),
  },
  {
    name: 'ten fluent lists of one tick, `take: 20` each',
    read: (p) =>
      Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          p.user.findUnique({ where: { id: index + 1 } }).insights(of(20)),
        ),
      ),
  },
  {
    name: '`update` that includes a list of 10 with lists of 20',
    read: (p) =>
      p.workshop.update({
        where: { id: 1 },
        data: { title: 'w' },
        select: { members: { take: 10, select: { user: { select: { insights: of(20) } } } } },
      }),
  },
  { name: '`groupBy` without `take`, 1,000 groups there', read: (p) => p.insight.groupBy({ by: ['id'] }) },
]

test('P8 the guide says what a maximum of 200 really bounds', async () => {
  const database = await createDatabase('postgresql')
  try {
    const recorded = [database.createRecordedClient(), database.createRecordedClient()] as const
    const plain = recorded[0].client
    const limited = recorded[1].client.$extends(pagination()) as unknown as PrismaClient
    await seed(plain)
    const lines = [
      '| shape | plain Prisma reads | rows from SQL | records Prisma builds | rows in the result |',
      '|---|--:|--:|--:|--:|',
    ]
    for (const { name, read } of shapes) {
      const plainRead = await rowsRead(recorded[0].log, () => read(plain))
      const ours = await rowsRead(recorded[1].log, () => read(limited))
      lines.push(`| ${[name, plainRead.rows, ours.rows, ours.rows, ours.result].join(' | ')} |`)
      expect(ours.rows).toBeLessThanOrEqual(Math.max(230, plainRead.rows))
      if (ours.rows > plainRead.rows) throw new Error(`${name} reads more than before`)
    }
    const table = lines.join('\n')
    const text = readFileSync(guide, 'utf8')
    const marked =
      /(<!-- printed by test\/integration\/pagination\/guide\.test\.ts -->\n)[^]*?(\n<!-- end -->)/
    if (process.env['BRISK_UPDATE_GUIDE'] === '1')
      writeFileSync(guide, text.replace(marked, `$1\n${table}\n$2`))
    expect(readable(readFileSync(guide, 'utf8'))).toContain(readable(table))
  } finally {
    await database.drop()
  }
})

/** Tables are compared without the blanks that a formatter aligns them with. */
function readable(text: string): string {
  return text.replace(/[ -]*\|[ -:]*/g, '|')
}

async function rowsRead(
  log: { clear(): void; statements: { rows: number }[] },
  read: () => Promise<unknown>,
) {
  log.clear()
  const result = await read().then(
    (value) => String(count(value)),
    (error: { code: string }) => `\`${error.code}\``,
  )
  return { rows: log.statements.reduce((sum, { rows }) => sum + Math.max(0, rows), 0), result }
}

/** Rows in an answer, those of lists and of single relations alike. */
function count(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + count(each), 0)
  if (typeof value !== 'object' || value === null || value instanceof Date) return 0
  return 1 + Object.values(value).reduce<number>((sum, each) => sum + count(each), 0)
}

async function seed(prisma: PrismaClient): Promise<void> {
  const ids = (length: number) => Array.from({ length }, (_, index) => index + 1)
  await prisma.user.createMany({ data: ids(10).map((user) => ({ id: user, email: `u${user}`, name: 'u' })) })
  // The first user has 400 of the 1,000, the others about 67 each.
  await prisma.insight.createMany({
    data: ids(1000).map((insight) => ({
      id: insight,
      userId: insight <= 400 ? 1 : 2 + (insight % 9),
      title: `title ${insight % 400}`,
    })),
  })
  await prisma.tag.createMany({ data: ids(100).map((tag) => ({ id: tag, name: `t${tag}` })) })
  for (const conversation of ids(10)) {
    const tags = { connect: ids(100).map((tag) => ({ id: tag })) }
    await prisma.conversation.create({ data: { id: `c${conversation}`, title: 'c', userId: 1, tags } })
  }
  await prisma.workshop.create({ data: { id: 1, ownerId: 1, title: 'w' } })
  await prisma.workshopMember.createMany({ data: ids(10).map((userId) => ({ workshopId: 1, userId })) })
}
