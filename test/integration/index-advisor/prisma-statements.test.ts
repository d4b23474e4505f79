import { readFileSync } from 'node:fs'
import { advise } from '../../../packages/index-advisor/src/advise.ts'
import type { QueryShape } from '../../../packages/index-advisor/src/shape/query-shape.ts'
import { queryOfShape } from '../../../packages/index-advisor/src/workload/shape-query.ts'
import { TestProject } from '../../../packages/index-advisor/test/support/project.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import type { StatementLog } from '../../support/statements.ts'

/** What is planned for a call is what Prisma sends for it, or is not called proved. */

type Ask = (prisma: PrismaClient) => Promise<unknown>

const asks: readonly [name: string, ask: Ask, planned: 'exact' | 'estimated'][] = [
  ['some', (prisma) => prisma.user.findMany({ where: { messages: { some: { role: 'USER' } } } }), 'exact'],
  ['none', (prisma) => prisma.user.findMany({ where: { messages: { none: { role: 'USER' } } } }), 'exact'],
  [
    'some, a page of some rows',
    (prisma) =>
      prisma.user.findMany({
        where: { role: 'TUTOR', messages: { some: { role: 'USER' } } },
        orderBy: { createdAt: 'desc' },
        take: 5,
      }),
    'exact',
  ],
  ['any', (prisma) => prisma.user.findMany({ where: { messages: { some: {} } } }), 'exact'],
  [
    'every',
    (prisma) => prisma.user.findMany({ where: { messages: { every: { role: 'USER' } } } }),
    'estimated',
  ],
  ['is', (prisma) => prisma.message.findMany({ where: { author: { is: { name: 'x' } } } }), 'exact'],
  [
    'without is',
    (prisma) => prisma.message.findMany({ where: { role: 'USER', author: { name: 'x' } }, take: 3 }),
    'exact',
  ],
  [
    'isNot',
    (prisma) => prisma.message.findMany({ where: { author: { isNot: { role: 'TUTOR' } } } }),
    'estimated',
  ],
  [
    'below NOT',
    (prisma) => prisma.user.findMany({ where: { NOT: { messages: { some: { role: 'USER' } } } } }),
    'estimated',
  ],
  [
    'one below another',
    (prisma) =>
      prisma.user.findMany({
        where: { conversations: { some: { messages: { some: { role: 'USER' } } } } },
      }),
    'estimated',
  ],
  [
    'two of them',
    (prisma) =>
      prisma.user.findMany({
        where: { messages: { some: { role: 'USER' } }, classes: { none: { style: 'x' } } },
      }),
    'estimated',
  ],
  [
    'include',
    (prisma) => prisma.user.findMany({ include: { messages: { where: { role: 'USER' } } } }),
    'exact',
  ],
  [
    'include, sorted and cut',
    (prisma) =>
      prisma.user.findMany({
        include: { messages: { where: { role: 'USER' }, orderBy: { createdAt: 'desc' }, take: 3 } },
      }),
    'exact',
  ],
  [
    'count of a relation',
    (prisma) =>
      prisma.user.findMany({ select: { _count: { select: { messages: { where: { role: 'USER' } } } } } }),
    'exact',
  ],
  ['count', (prisma) => prisma.message.count({ where: { role: 'USER' } }), 'exact'],
  ['groupBy', (prisma) => prisma.message.groupBy({ by: ['role'] }), 'exact'],
  [
    'sorted by a relation',
    (prisma) =>
      prisma.message.findMany({ where: { role: 'USER' }, orderBy: { author: { name: 'asc' } }, take: 5 }),
    'estimated',
  ],
  [
    'OR',
    (prisma) => prisma.message.findMany({ where: { OR: [{ role: 'USER' }, { authorId: 1 }] }, take: 5 }),
    'estimated',
  ],
  [
    'a page',
    (prisma) =>
      prisma.message.findMany({ where: { role: 'USER' }, orderBy: { createdAt: 'desc' }, take: 5, skip: 10 }),
    'exact',
  ],
]

describe.each(['mysql', 'postgresql'] as const)('X50 what is planned on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let client: PrismaClient
  let log: StatementLog
  beforeAll(async () => {
    database = await createDatabase(provider as Provider, { seed: 0.01 })
    ;({ client, log } = database.createRecordedClient())
  })
  afterAll(() => database?.drop())

  test.each(asks)('%s', async (_, ask, planned) => {
    log.clear()
    await ask(client)
    const sent = log.sql().map(plain)
    const shapes = await shapesOf(provider, ask)
    const queries = shapes.flatMap((shape) => queryOfShape(shape, true) ?? [])
    const exact = queries.filter((each) => each.isExact)
    for (const { sql } of exact)
      expect(sent).toEqual(expect.arrayContaining([expect.stringContaining(plain(sql))]))
    expect(exact.length > 0 ? 'exact' : 'estimated').toBe(planned)
  })
})

/** As the advisor reads the call in the source of a project. */
async function shapesOf(provider: Provider, ask: Ask): Promise<readonly QueryShape[]> {
  const schema = readFileSync(new URL('../../../prisma/schema.prisma', import.meta.url), 'utf8').replace(
    /provider = "postgresql"/,
    `provider = "${provider}"`,
  )
  const call = ask.toString().replace(/^\(?prisma\)?\s*=>\s*/, '')
  const project = new TestProject({
    'prisma/schema.prisma': schema,
    'src/q.ts': `import { PrismaClient } from '../prisma/generated/postgresql/client'
const prisma = new PrismaClient()
export const ask = () => ${call}
`,
  })
  try {
    let found: readonly QueryShape[] = []
    await advise({
      cwd: project.cwd,
      source: true,
      selector: {
        select: ({ shapes }) => {
          found = shapes
          return Promise.resolve({ chosen: [], rejected: [], findings: [] })
        },
      },
    })
    return found
  } finally {
    project.remove()
  }
}

/** Without quotes, schemas, lists of columns, brackets, casts and values: what is left says what is read. */
function plain(sql: string): string {
  return sql
    .toLowerCase()
    .replaceAll(/["`]/g, '')
    .replaceAll(/cast\((\$\d+)::text as [\w.]+\)/g, '$1')
    .replaceAll(/\b\w+\.(?=\w)/g, '')
    .replaceAll(/\$\d+|'[^']*'|\b\d+\b/g, '?')
    .replaceAll(/select (?:(?!select|from\b).)* from/g, 'select from')
    .replaceAll(/\?=\?( and )?/g, '')
    .replaceAll(/[(),]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/(?:\? ?)+/g, '? ')
    .replaceAll(/ where (?=$|order|limit|group)/g, ' ')
    .replaceAll(/ (?:asc|offset \?)(?=\s|$)/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
