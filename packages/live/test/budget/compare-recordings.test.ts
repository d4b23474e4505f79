import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sarifErrors } from '../../../index-advisor/test/support/sarif-schema.ts'
import { AllowanceComments } from '../../src/budget/allowance-comments.ts'
import { failures, type Comparison } from '../../src/budget/budget-finding.ts'
import { compareRecordings, type ComparedLine } from '../../src/budget/compare-recordings.ts'
import { jsonReport } from '../../src/budget/json-report.ts'
import { junitReport } from '../../src/budget/junit-report.ts'
import { markdownReport } from '../../src/budget/markdown-report.ts'
import { resolveBudgets } from '../../src/budget/resolve-budgets.ts'
import { sarifReport } from '../../src/budget/sarif-report.ts'
import { textReport } from '../../src/budget/text-report.ts'

const TITLE = 'test/feed.test.ts › shows the feed'
const LINE: ComparedLine = {
  call: 'Post.findMany({ where: { title } })',
  at: 'src/post.ts',
  site: 'src/post.ts:12:20',
  calls: 3,
  statements: 3,
  rows: '<10',
  cost: 100,
  plan: ['Index Scan Post a'],
}
type Queries = Readonly<Record<string, readonly ComparedLine[]>>

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'brisk-check-'))
  mkdirSync(join(root, 'src'))
  mkdirSync(join(root, 'test'))
  mkdirSync(join(root, '.git'))
})
afterAll(() => rmSync(root, { recursive: true }))

function compare(before: Queries, after: Queries, budgets: unknown = {}): Comparison {
  return compareRecordings(
    new Map(Object.entries(before)),
    new Map(Object.entries(after)),
    resolveBudgets(budgets, 'brisk.config.mjs'),
    new AllowanceComments(root),
  )
}

function rulesOf(comparison: Comparison): string[] {
  return comparison.findings.map(
    ({ rule, level, allowed }) => `${allowed === undefined ? level : 'allowed'} ${rule}`,
  )
}

/** What a change of one field is found by. */
const CHANGES: readonly (readonly [string, Partial<ComparedLine>, readonly string[]])[] = [
  ['a loop', { loop: 3 }, ['fail n-plus-one']],
  ['a loop in some of the runs', { loop: '0-3' }, ['fail n-plus-one']],
  ['a statement more', { statements: 4 }, ['fail more-statements']],
  ['a statement more at most', { statements: '1-4' }, ['fail more-statements']],
  ['a table of 10,000 rows read whole', { scans: { Post: 10_000 } }, ['fail sequential-scan']],
  ['twice the cost', { cost: 200 }, ['warn cost']],
  ['no limit', { unbounded: true }, ['warn unbounded-list']],
  ['no index', { unindexed: ['title'] }, ['warn unindexed']],
  ['a duplicate', { duplicates: 1 }, ['warn duplicate-reads']],
  ['nothing', {}, []],
  ['fewer statements', { statements: 2 }, []],
  ['a small table read whole', { scans: { Post: 9_900 } }, []],
  ['less than twice the cost', { cost: 190 }, []],
  ['more rows', { rows: '<1000' }, []],
  ['another place', { at: 'src/moved.ts', site: 'src/moved.ts:1:1' }, []],
]

test.each(CHANGES)('%s: %j is found by %j', (_, change, rules) => {
  const after = { [TITLE]: [{ ...LINE, ...change }] }
  expect(rulesOf(compare({ [TITLE]: [LINE] }, after))).toEqual(rules)
  // What was so before is no finding.
  expect(rulesOf(compare(after, after))).toEqual([])
  // Nor in a test of another name.
  expect(rulesOf(compare(after, { 'test/feed.test.ts › renamed': after[TITLE] }))).toEqual([])
})

test.each(CHANGES)('in a new test %s: %j is found where its call is new', (_, change, rules) => {
  const line = { ...LINE, ...change, call: 'New.findMany({})' }
  const expected = rules.filter((rule) => !/more-statements|cost/.test(rule))
  expect(
    rulesOf(compare({ [TITLE]: [LINE] }, { [TITLE]: [LINE], 'test/new.test.ts › new': [line] })),
  ).toEqual(expected)
})

test('statements are summed by test and route: one in place of another is none more', () => {
  const [a, b] = [
    { ...LINE, statements: 2 },
    { ...LINE, call: 'Tag.count({})', statements: 1 },
  ]
  expect(rulesOf(compare({ [TITLE]: [LINE] }, { [TITLE]: [a, b] }))).toEqual([])
  expect(rulesOf(compare({ [TITLE]: [LINE] }, { [TITLE]: [LINE, b] }))).toEqual(['fail more-statements'])
  const [within, more] = [
    { ...LINE, in: 'GET /' },
    { ...LINE, in: 'GET /', statements: 5 },
  ]
  const [finding] = compare({ [TITLE]: [LINE, within] }, { [TITLE]: [LINE, more] }).findings
  expect(finding).toMatchObject({
    in: 'GET /',
    before: '3 statements',
    after: '5 statements',
    place: 'src/post.ts:12:20',
  })
})

test('of hooks of suites, and of what runs outside of tests, no statement too many is found', () => {
  for (const title of [
    'test/a.test.ts › a (setup)',
    '(outside of tests) src/seed.ts',
    'a (several tests at once)',
  ])
    expect(rulesOf(compare({ [title]: [LINE] }, { [title]: [{ ...LINE, statements: 9 }] }))).toEqual([])
})

test('what a test file itself asks, and what is made below an ignored path, is not judged', () => {
  const loop = { ...LINE, loop: 3, statements: 9 }
  const own = { at: 'test/feed.test.ts', site: 'test/feed.test.ts:3:1' }
  expect(rulesOf(compare({ [TITLE]: [{ ...LINE, ...own }] }, { [TITLE]: [{ ...loop, ...own }] }))).toEqual([])
  const ignore = ['src/']
  expect(rulesOf(compare({ [TITLE]: [LINE] }, { [TITLE]: [loop] }, { ignore }))).toEqual([])
})

test('one fault in many tests is one finding that names them', () => {
  const titles = ['a', 'b', 'c', 'd', 'e'].map((name) => `test/a.test.ts › ${name}`)
  const all = (line: ComparedLine): Queries => Object.fromEntries(titles.map((title) => [title, [line]]))
  const comparison = compare(all(LINE), all({ ...LINE, loop: 3 }))
  expect(comparison.findings).toHaveLength(1)
  expect(comparison.findings[0]?.tests).toEqual(titles)
  expect(textReport(comparison)).toContain('and 2 more')
})

test('tests that are new and those that are gone are told of, and are no findings', () => {
  const comparison = compare({ gone: [LINE] }, { new: [LINE] })
  expect(comparison).toMatchObject({ findings: [], added: ['new'], gone: ['gone'] })
  expect(textReport(comparison)).toBe(
    '1 tests and routes (1 new, 1 gone), 1 calls compared: 0 failed, 0 warned.\n',
  )
})

describe('levels and numbers', () => {
  const worse = { [TITLE]: [{ ...LINE, loop: 3, statements: 5, scans: { Post: 500 }, cost: 150 }] }
  test('off, warn and fail; so many statements more, rows and times the cost', () => {
    const rules = {
      'n-plus-one': 'off',
      'more-statements': { level: 'warn', more: 1 },
      'sequential-scan': { level: 'warn', rows: 500 },
      cost: { level: 'fail', factor: 1.5 },
    }
    expect(rulesOf(compare({ [TITLE]: [LINE] }, worse, { rules }))).toEqual([
      'warn more-statements',
      'warn sequential-scan',
      'fail cost',
    ])
    const lenient = { ...rules, 'more-statements': { level: 'fail', more: 2 }, cost: { level: 'off' } }
    expect(rulesOf(compare({ [TITLE]: [LINE] }, worse, { rules: lenient }))).toEqual(['warn sequential-scan'])
  })

  test.each([
    [{ rules: { other: 'warn' } }, 'rules: expected one of n-plus-one, '],
    [{ rules: { cost: 'error' } }, 'cost: expected off, warn or fail, got error'],
    [{ rules: { cost: { level: 'warn', factor: 0 } } }, 'cost.factor: expected a number from 1, got 0'],
    [{ rules: { unindexed: { level: 'warn', rows: 1 } } }, 'unindexed: expected one of level, got rows'],
    [{ recording: '' }, 'recording: expected a text'],
    [{ allow: {} }, 'allow: expected a list'],
    [{ allow: [{ rule: 'x', reason: 'y' }] }, 'allow[0].rule: expected one of'],
    [[], 'budgets: expected an object, got []'],
  ])('%j is refused: %s', (budgets, said) => {
    expect(() => resolveBudgets(budgets, 'brisk.config.mjs')).toThrow(
      expect.objectContaining({ code: 'E_BUDGET_CONFIG', message: expect.stringContaining(said) as string }),
    )
  })
})

describe('allowances', () => {
  const before = { [TITLE]: [LINE] }
  const after = { [TITLE]: [{ ...LINE, loop: 3 }] }
  const reason = 'three rows, once a night'

  test.each([
    [{ rule: 'n-plus-one' }, true],
    [{ rule: 'n-plus-one', test: 'the feed', call: 'Post.', at: 'src/post' }, true],
    [{ rule: 'cost' }, false],
    [{ rule: 'n-plus-one', test: 'another' }, false],
    [{ rule: 'n-plus-one', call: 'User.' }, false],
    [{ rule: 'n-plus-one', at: 'src/user' }, false],
  ])('of the configuration: %j allows it: %j', (given, isAllowed) => {
    const comparison = compare(before, after, { allow: [{ ...given, reason }] })
    expect(rulesOf(comparison)).toEqual([isAllowed ? 'allowed n-plus-one' : 'fail n-plus-one'])
    expect(failures(comparison)).toHaveLength(isAllowed ? 0 : 1)
    expect(comparison.unused).toHaveLength(isAllowed ? 0 : 1)
    expect(textReport(comparison)).toContain(isAllowed ? reason : 'matches nothing any more')
  })

  test('in a comment at the call or above it, or above the test; for this rule alone', () => {
    const at = (line: string, above = '') =>
      writeFileSync(join(root, 'src/post.ts'), `${'\n'.repeat(10)}${above}\n${line}\n`)
    const inTest = (above: string) =>
      writeFileSync(join(root, 'test/feed.test.ts'), `${above}\ntest('shows the feed', () => {})\n`)
    const rules = () => rulesOf(compare(before, after))
    inTest('')
    at('await posts() // brisk-allow n-plus-one: three rows')
    expect(rules()).toEqual(['allowed n-plus-one'])
    at('await posts()', '  /* brisk-allow n-plus-one: three rows */')
    expect(compare(before, after).findings[0]?.allowed).toBe('three rows')
    at('await posts()', '// brisk-allow cost: dear')
    expect(rules()).toEqual(['fail n-plus-one'])
    at('await posts()', 'await other() // brisk-allow n-plus-one: not this one')
    expect(rules()).toEqual(['fail n-plus-one'])
    inTest('// brisk-allow n-plus-one: three rows\n// and a line between')
    expect(rules()).toEqual(['allowed n-plus-one'])
  })

  test('without a reason none counts', () => {
    writeFileSync(join(root, 'src/post.ts'), `${'\n'.repeat(11)}await posts() // brisk-allow n-plus-one\n`)
    expect(() => compare(before, after)).toThrow(
      expect.objectContaining({
        code: 'E_ALLOWANCE',
        message: expect.stringContaining('src/post.ts:12') as string,
      }),
    )
    writeFileSync(join(root, 'src/post.ts'), '')
    expect(() => resolveBudgets({ allow: [{ rule: 'cost', reason: ' ' }] }, 'brisk.config.mjs')).toThrow(
      expect.objectContaining({ code: 'E_ALLOWANCE' }),
    )
  })
})

describe('reports', () => {
  /** Names that mean something to each format. */
  const odd = 'test/a b#ü%.test.ts › <b>|`*_"\'& \u001b[31m\u0000 \uD800 ]]> C:\\x'
  const line: ComparedLine = { ...LINE, at: 'src/(group)/ä b#%.ts', site: 'src/(group)/ä b#%.ts:3:4' }
  const comparison = () =>
    compare(
      { [odd]: [line], other: [LINE] },
      {
        [odd]: [{ ...line, loop: 3, unbounded: true }],
        other: [
          { ...LINE, duplicates: 2 },
          { ...PLACELESS, unbounded: true },
        ],
      },
      { allow: [{ rule: 'duplicate-reads', reason: 'a | b' }], rules: { 'more-statements': 'off' } },
    )
  const PLACELESS: ComparedLine = { call: 'Tag.findMany({})', calls: 1, statements: 1, rows: '1' }

  test('SARIF is valid, each result has a place below the root, and what is allowed is suppressed', () => {
    const log = JSON.parse(sarifReport(comparison(), root, 'brisk-queries.json')) as {
      runs: { results: Record<string, unknown>[] }[]
    }
    expect(sarifErrors(log)).toEqual([])
    const uri = (each: Record<string, unknown>) =>
      (each['locations'] as { physicalLocation: { artifactLocation: { uri: string } } }[])[0]
        ?.physicalLocation.artifactLocation.uri
    expect(log.runs[0]?.results.map((each) => [each['ruleId'], each['level'], uri(each)])).toEqual([
      ['n-plus-one', 'error', 'src/(group)/%C3%A4%20b%23%25.ts'],
      ['unbounded-list', 'warning', 'brisk-queries.json'],
      ['unbounded-list', 'warning', 'src/(group)/%C3%A4%20b%23%25.ts'],
      ['duplicate-reads', 'warning', 'src/post.ts'],
    ])
    expect(log.runs[0]?.results[3]?.['suppressions']).toEqual([{ kind: 'inSource', justification: 'a | b' }])
    const empty = JSON.parse(sarifReport(compare({}, {}), root, 'brisk-queries.json')) as unknown
    expect(sarifErrors(empty)).toEqual([])
  })

  test('a finding keeps its fingerprint where its line has moved', () => {
    const printed = (site: string): unknown =>
      (
        JSON.parse(
          sarifReport(
            compare({ [TITLE]: [LINE] }, { [TITLE]: [{ ...LINE, loop: 3, site }] }),
            root,
            'x.json',
          ),
        ) as { runs: { results: { partialFingerprints: unknown }[] }[] }
      ).runs[0]?.results[0]?.partialFingerprints
    expect(printed('src/post.ts:99:1')).toEqual(printed('src/post.ts:12:20'))
    expect(printed('src/other.ts:12:20')).not.toEqual(printed('src/post.ts:12:20'))
  })

  test('Markdown stays in its table, whatever the names hold', () => {
    const text = markdownReport(comparison())
    const rows = text.split('\n').filter((each) => each.startsWith('| ❌') || each.startsWith('| ⚠️'))
    expect(rows).toHaveLength(3)
    for (const row of rows) expect(row.replaceAll('\\|', '').match(/\|/g)).toHaveLength(6)
    expect(text).not.toContain('<b>')
    expect(text).toContain('3 calls, in no loop → 3 calls in a loop')
    expect(text).toContain('<details><summary>1 allowed</summary>')
    expect(markdownReport(compare({}, {}))).toBe(
      '# Query budgets\n\n0 tests and routes, 0 calls compared: 0 failed, 0 warned.\n',
    )
  })

  test('JUnit is well formed: failures, warnings as output, and what is allowed as skipped', () => {
    const text = junitReport(comparison())
    expect(text).toContain('<testsuites tests="4" failures="1" errors="0" skipped="1">')
    // What XML 1.0 has no form for.
    expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Surrogate}/u)
    expect(text.replace(/<[^<>]*>/g, '')).not.toMatch(/[<>]/)
    expect(text.match(/<testcase /g)).toHaveLength(4)
    expect(junitReport(compare({}, { a: [LINE] }))).toContain('1 tests and routes compared"/>')
  })

  test('text and JSON say the same, and nothing speaks to the terminal', () => {
    const text = textReport(comparison())
    expect(text).not.toMatch(/[^\P{Cc}\n]/u)
    expect(text).toContain('fail n-plus-one: New N+1: Post.findMany({ where: { title } })')
    expect(text).toContain('  at     src/(group)/ä b#%.ts:3:4')
    expect(text).toContain('allowed duplicate-reads: Post.findMany({ where: { title } }) (a | b)')
    const { findings } = JSON.parse(jsonReport(comparison())) as Comparison
    expect(findings.map(({ rule }) => rule)).toEqual([
      'n-plus-one',
      'unbounded-list',
      'unbounded-list',
      'duplicate-reads',
    ])
  })
})
