import { cardsOf, mendOf, promptFor, shortened } from '../page/src/problems/problem-text.ts'
import { apart, covered, ticks, tickText } from '../page/src/request/waterfall-time.ts'
import { argumentText, kindText } from '../page/src/ui/argument-text.ts'
import { editorLink } from '../page/src/ui/editor-link.ts'
import { milliseconds, shortPlace } from '../page/src/ui/format.ts'
import { planNodes, type PlanNode } from '../page/src/ui/plan-nodes.ts'
import { reachText } from '../page/src/ui/reach-text.ts'
import { gist } from '../page/src/ui/sql-gist.ts'

/** `Sort › Seq Scan on Post!`, where `!` reads a whole table. */
const outline = (nodes: readonly PlanNode[] | null): string =>
  (nodes ?? [])
    .map(
      ({ title, on, isWhole, children }) =>
        `${title}${on === null ? '' : ` ${on}`}${isWhole ? '!' : ''}${children.length === 0 ? '' : ` › ${outline(children)}`}`,
    )
    .join(', ')

test('plans of every database are trees of steps', () => {
  const postgres = [
    {
      Plan: {
        'Node Type': 'Sort',
        'Total Cost': 9,
        'Sort Key': ['"createdAt" DESC'],
        Plans: [
          {
            'Node Type': 'Seq Scan',
            'Relation Name': 'Post',
            'Plan Rows': 7,
            'Total Cost': 5,
            Filter: '(a = $1)',
          },
        ],
      },
    },
  ]
  expect(outline(planNodes(postgres))).toBe('Sort › Seq Scan Post!')
  expect(planNodes(postgres)?.[0]?.children[0]).toMatchObject({
    rows: 7,
    cost: 5,
    details: [['Filter', '(a = $1)']],
  })
  const mysql = {
    query_block: {
      select_id: 1,
      cost_info: { query_cost: '1.05' },
      ordering_operation: {
        using_filesort: true,
        table: {
          table_name: 'User',
          access_type: 'ALL',
          rows_examined_per_scan: 8,
          cost_info: { prefix_cost: '1.05' },
        },
      },
    },
  }
  expect(outline(planNodes(mysql))).toBe('ordering operation › reads the whole table User!')
  const mariadb = {
    query_block: {
      select_id: 1,
      nested_loop: [
        { table: { table_name: 'q', access_type: 'const', key: 'PRIMARY', rows: 1 } },
        { table: { table_name: 'p', access_type: 'ref', key: 'ia', rows: 1, attached_condition: 'p.a = 1' } },
      ],
    },
  }
  expect(outline(planNodes(mariadb))).toBe('const q by PRIMARY, ref p by ia')
  expect(outline(planNodes(['SCAN User', 'SEARCH Post USING INDEX Post_userId (userId=?)']))).toBe(
    'SCAN User!, SEARCH Post',
  )
  for (const other of [null, 'x', {}, [], [1], { plan: [] }]) expect(planNodes(other)).toBeNull()
})

test('a place opens in each editor; what is no file of this machine opens nothing', () => {
  expect(editorLink('/app/src/a b.ts:17:37', 'vscode')).toBe('vscode://file/app/src/a%20b.ts:17:37')
  expect(editorLink('C:\\app\\a.ts:1:2', 'cursor')).toBe('cursor://file/C:/app/a.ts:1:2')
  expect(editorLink('/app/a.ts:3', 'idea')).toBe('idea://open?file=%2Fapp%2Fa.ts&line=3&column=1')
  for (const text of ['javascript:alert(1):1:1', 'https://x.org/a.ts:1:1', 'a.ts:1:1', '/app/a.ts', ''])
    expect(editorLink(text, 'vscode')).toBeNull()
})

test('a place is short, as seen from the application', () => {
  expect(shortPlace('/app/src/posts.ts:17:37', '/app')).toBe('src/posts.ts:17')
  expect(shortPlace('/elsewhere/lib/src/posts.ts:17:37', '/app')).toBe('lib/src/posts.ts:17')
})

test('the code of a mend is copied with all of its brackets, else its words', () => {
  expect(
    mendOf({ mend: 'include: load them, prisma.post.findMany({ include: { a: f(1) } }). Then more (x)' })
      .code,
  ).toBe('prisma.post.findMany({ include: { a: f(1) } })')
  expect(mendOf({ mend: 'index: add @@index([a, b]) to model Post' }).code).toBe('@@index([a, b])')
  expect(
    mendOf({ mend: 'together: await Promise.all(ids.map((id) => prisma.a.find({ id }))), and so on' }).code,
  ).toBe('await Promise.all(ids.map((id) => prisma.a.find({ id })))')
  expect(mendOf({ mend: 'in: ask for all at once' })).toEqual({
    change: 'ask for all at once',
    code: 'ask for all at once',
  })
  expect(shortened('keep it (/app/src/a.ts:1:2), f(x)', '/app')).toBe('keep it (src/a.ts:1), f(x)')
})

test('a prompt names problem, place and mend', () => {
  const problem = {
    type: 'problem' as const,
    request: 'r',
    kind: 'n-plus-one' as const,
    model: 'User',
    operation: 'findUnique',
    count: 3,
    callSite: '/app/a.ts:1:1',
    title: 'N+1: User.findUnique 3 times',
    mend: 'include: load them',
    from: 'Post.findMany (/app/a.ts:9:9)',
  }
  for (const part of [problem.title, problem.callSite, problem.mend, problem.from, 'GET /posts'])
    expect(promptFor([problem], 'GET /posts')).toContain(part)
})

test('calls that lack one index are one card with all places, other problems are cards of their own', () => {
  const scan = (callSite: string, column: string) => ({
    type: 'problem' as const,
    request: 'r',
    kind: 'sequential-scan' as const,
    model: 'User',
    operation: 'findMany',
    count: 1,
    callSite,
    title: `reads all of User to find rows by ${column}`,
    mend: `index: add @@index([${column}]) to model User`,
  })
  const loop = { ...scan('a.ts:1:1', 'name'), kind: 'n-plus-one' as const }
  const cards = cardsOf([
    scan('a.ts:1:1', 'name'),
    scan('b.ts:2:2', 'name'),
    scan('b.ts:2:2', 'age'),
    loop,
    { ...loop, callSite: 'b.ts:2:2' },
  ])
  expect(cards.map((card) => card.map(({ callSite }) => callSite))).toEqual([
    ['a.ts:1:1', 'b.ts:2:2'],
    ['b.ts:2:2'],
    ['a.ts:1:1'],
    ['b.ts:2:2'],
  ])
  expect(promptFor(cards[0]!, 'GET /users')).toContain('Where: a.ts:1:1\nAlso: b.ts:2:2\n')
})

test('the gist of a statement leaves out columns alone, of each SELECT by itself', () => {
  const columns = '"public"."User"."id", "public"."User"."name", "public"."User"."email"'
  const text = (sql: string) => gist(sql)
  expect(text(`SELECT ${columns} FROM "public"."User" WHERE "public"."User"."id" = $1`)).toBe(
    'SELECT … FROM User WHERE User.id = $1',
  )
  expect(
    text(
      'SELECT COUNT(*) AS "_count$_all" FROM (SELECT "public"."User"."id" FROM "public"."User" WHERE 1=1 OFFSET $1) AS "sub"',
    ),
  ).toBe('SELECT COUNT(*) AS _count$_all FROM (SELECT User.id FROM User WHERE 1=1 OFFSET $1) AS sub')
  expect(text(`SELECT (SELECT max(x) FROM a) AS "a", ${columns} FROM "b" WHERE c = ' FROM it''s'`)).toBe(
    "SELECT … FROM b WHERE c = ' FROM it''s'",
  )
  expect(text(`SELECT COUNT(*) FROM (SELECT ${columns} FROM "public"."User") AS "sub"`)).toBe(
    'SELECT COUNT(*) FROM (SELECT … FROM User) AS sub',
  )
  expect(text(`SELECT "id" FROM "a" WHERE "id" IN (SELECT ${columns} FROM "b" LIMIT 3)`)).toBe(
    'SELECT id FROM a WHERE id IN (SELECT … FROM b LIMIT 3)',
  )
  expect(text('UPDATE `User` SET `a` = ?')).toBe('UPDATE User SET a = ?')
  expect(text('SELECT $1')).toBe('SELECT $1')
})

test('arguments hide what is a value, and nothing else', () => {
  const args = { where: { name: 'Ada', deletedAt: null, id: { in: [1, 2] } }, include: { posts: true } }
  expect(argumentText(args, false)).toBe(
    '{\n  where: { name: •••, deletedAt: null, id: { in: [•••, •••] } },\n  include: { posts: true }\n}',
  )
  expect(argumentText(args, true)).toContain('name: "Ada"')
  expect(kindText({ where: { id: { in: ['number', 38] } }, take: 'number' })).toBe(
    '{ where: { id: { in: [number × 38] } }, take: number }',
  )
})

test('numbers are said in the digits that matter', () => {
  expect([0.416, 3.456, 12.34, 128.4, 2412].map(milliseconds)).toEqual([
    '0.42 ms',
    '3.46 ms',
    '12.3 ms',
    '128 ms',
    '2.41 s',
  ])
  expect(ticks(96)).toEqual([0, 25, 50, 75])
  expect(ticks(0.9)).toEqual([0, 0.25, 0.5, 0.75])
})

test('the axis says what it marks, on every scale', () => {
  for (let end = 0.05; end < 1_000_000; end *= 1.37) {
    const labels = ticks(end).map(tickText)
    const said = labels.map((label) => Number.parseFloat(label) * (label.endsWith(' s') ? 1000 : 1))
    expect(said.map((ms) => Number(ms.toPrecision(6)))).toEqual(ticks(end))
  }
  expect(ticks(160).map(tickText)).toEqual(['0', '50 ms', '100 ms', '150 ms'])
  expect(ticks(7100).map(tickText)).toEqual(['0', '2 s', '4 s', '6 s'])
})

test('a bar shows all calls of a loop: few one by one, many by their density', () => {
  const calls = (count: number, ms: number) =>
    Array.from({ length: count }, (_, index): [number, number] => [10 * index, 10 * index + ms])
  expect(covered(calls(3, 4), 30)).toEqual([
    { from: 0, to: 4, share: 1 },
    { from: 10, to: 14, share: 1 },
    { from: 20, to: 24, share: 1 },
  ])
  const pieces = covered(calls(3000, 5), 30_000)
  expect(pieces[0]?.from).toBe(0)
  expect(pieces.at(-1)?.to).toBeCloseTo(30_000)
  expect(pieces.length).toBeLessThanOrEqual(200)
  expect(pieces.reduce((sum, { from, to, share }) => sum + (to - from) * share, 0)).toBeCloseTo(15_000)
  // Where nothing ran nothing is drawn.
  const gap = covered(
    [...calls(1000, 5), ...calls(1000, 5).map(([a, b]): [number, number] => [a + 20_000, b + 20_000])],
    30_000,
  )
  expect(gap.some(({ from, to }) => from < 15_000 && to > 15_000)).toBe(false)
  // What runs together counts once.
  expect(
    covered(
      [
        [0, 5],
        [3, 8],
      ],
      10,
    ),
  ).toEqual([{ from: 0, to: 8, share: 1 }])
  expect(apart([1, 1.01, 500, 29_999], 30_000)).toEqual([1, 500, 29_999])
})

test('what an invalidation reaches is said in words', () => {
  const nothing = { everything: false, lists: [], tables: [], rows: 0, values: 0, own: 0 }
  expect(reachText({ ...nothing, lists: ['public.Profile'], rows: 1, values: 2 })).toBe(
    'lists of Profile; 1 key of a row; lists by 2 values of columns',
  )
  expect(reachText({ ...nothing, everything: true })).toBe('every entry')
})
