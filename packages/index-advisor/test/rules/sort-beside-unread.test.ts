import { adviceOn, type SmallProject } from '../support/small-project.ts'

/** What is not read, or asked of another table, keeps rows away: a sort needs an equality that leaves few beside it. */

const models = `
enum Kind {
  VIEW
  CLICK
}
model Site {
  id     Int    @id
  domain String @unique
  hits   Hit[]
}
model Hit {
  id     Int      @id
  site   Site     @relation(fields: [siteId], references: [id])
  siteId Int
  host   String
  bot    Boolean
  kind   Kind
  gone   DateTime?
  size   Int
  at     DateTime
  marks  Mark[]
  @@index([siteId])
}
model Mark {
  id    Int @id
  hit   Hit @relation(fields: [hitId], references: [id])
  hitId Int
  @@index([hitId])
}`
const page = (where: string, more: Partial<SmallProject> = {}) =>
  adviceOn({
    models,
    source: `declare function unread(): any
export const q = (bot: boolean, x: number) => prisma.hit.findMany({ where: ${where}, orderBy: { at: 'desc' }, take: 10 })\n`,
    ...more,
  })

describe('FL-A2 a column of few values is no equality beside what is not read', () => {
  test.each([
    ["{ bot: false, site: { domain: 'a' } }"],
    ["{ bot, site: { domain: 'a' } }"],
    ["{ kind: 'VIEW', site: { domain: 'a' } }"],
    ["{ kind: { in: ['VIEW', 'CLICK'] }, site: { domain: 'a' } }"],
    ["{ bot: true, kind: 'VIEW', ...unread() }"],
    ['{ bot: true, ...unread() }'],
    ['{ gone: null, ...unread() }'],
    ['{ bot: false, marks: { some: { id: x } } }'],
    ['{ ...(x ? { bot: true } : {}), kind: "VIEW", ...unread() }'],
    ["{ ...(x ? { bot: true } : {}), site: { domain: 'a' } }"],
  ])('FL-A2 %s', async (where) => {
    for (const provider of ['postgresql', 'sqlite', 'mysql'] as const) {
      expect((await page(where, { provider })).ids).toEqual([])
    }
  })

  test.each([
    ["{ host: 'a', bot: false, ...unread() }", ['Hit(host, bot, at)']],
    ["{ siteId: x, kind: 'VIEW', marks: { some: { id: x } } }", ['Hit(siteId, kind, at)']],
    ['{ bot: false }', ['Hit(bot, at)']],
    ["{ bot: false, kind: 'VIEW' }", ['Hit(bot, kind, at)']],
    ['{ bot: false, size: { gt: x }, ...unread() }', ['Hit(bot, size)']],
  ])('FL-A2 %s keeps its index', async (where, expected) => {
    expect((await page(where)).ids).toEqual(expected)
  })
})

test.each([
  ['{ bot: false, ...unread() }', []],
  ["{ host: 'a', ...unread() }", ['nulls-order src/q.ts:4:24']],
])('FL-A2 nor for an order of NULLs: %s', async (where, expected) => {
  const source = `declare function unread(): any
export const q = () => prisma.hit.findMany({ where: ${where}, orderBy: { gone: { sort: 'desc', nulls: 'last' } }, take: 10 })\n`
  expect((await adviceOn({ models, source })).remarks).toEqual(expected)
})
