import { rangeOf, type Count } from '../recording/range.ts'
import { byText, lineKey, type QueryLine } from '../recording/recording.ts'
import { fileOf } from '../recording/fold-recording.ts'
import type { AllowanceComments } from './allowance-comments.ts'
import type { Allowance, Level, ResolvedBudgets, RuleName } from './budget-config.ts'
import type { BudgetFinding, Comparison } from './budget-finding.ts'
import { RULE_NAMES } from './resolve-budgets.ts'

/** A line as it is compared: of a file, or just recorded, and then with its place. */
export interface ComparedLine extends QueryLine {
  readonly site?: string | null
}
export type ComparedQueries = ReadonlyMap<string, readonly ComparedLine[]>

/**
 * What is worse in a new recording than in the one before. A line is held against the same line of the same test, else, since tests are
 * renamed and written anew, against those of the same call elsewhere.
 */
export function compareRecordings(
  before: ComparedQueries,
  after: ComparedQueries,
  budgets: ResolvedBudgets,
  comments: AllowanceComments,
): Comparison {
  const known = new KnownLines(before)
  const finder = new Finder(budgets)
  for (const title of [...after.keys()].sort(byText)) {
    const lines = judged(title, after.get(title) ?? [], budgets)
    for (const line of lines) judge(title, line, known, finder)
    moreStatements(title, lines, judged(title, before.get(title) ?? [], budgets), finder)
  }
  const used = new Set<Allowance>()
  const findings = finder.findings().map((finding) => allowed(finding, budgets, comments, used))
  return {
    findings: findings.toSorted((a, b) => Number(a.allowed !== undefined) - Number(b.allowed !== undefined)),
    tests: after.size,
    lines: [...after.values()].reduce((sum, lines) => sum + lines.length, 0),
    added: [...after.keys()].filter((title) => !before.has(title)).sort(byText),
    gone: [...before.keys()].filter((title) => !after.has(title)).sort(byText),
    unused: budgets.allow
      .filter((each) => !used.has(each))
      .map(({ rule, test, call, at }) =>
        [rule, test, call, at].filter((part) => part !== undefined).join(' · '),
      ),
  }
}

/** What a test file itself asks is the test's business. */
function judged(title: string, lines: readonly ComparedLine[], { ignore }: ResolvedBudgets): ComparedLine[] {
  const [file] = title.replace(/ \([a-z ]+\)$/, '').split(' › ')
  return lines.filter(({ at }) => {
    const path = at === undefined ? '' : fileOf(at)
    return (path === '' || path !== file) && !ignore.some((each) => path.startsWith(each))
  })
}

/** The lines of before, as they are looked for. */
class KnownLines {
  private readonly byTest = new Map<string, ReadonlyMap<string, ComparedLine>>()
  private readonly byCall = new Map<string, ComparedLine[]>()

  constructor(queries: ComparedQueries) {
    for (const [title, lines] of queries) {
      this.byTest.set(title, new Map(lines.map((line) => [lineKey(line), line])))
      for (const line of lines) {
        const same = this.byCall.get(line.call)
        if (same === undefined) this.byCall.set(line.call, [line])
        else same.push(line)
      }
    }
  }

  /** The same line of the same test. */
  same(title: string, line: ComparedLine): ComparedLine | undefined {
    return this.byTest.get(title)?.get(lineKey(line))
  }

  /** That line, else those of the same call from the same file. */
  alike(title: string, line: ComparedLine): readonly ComparedLine[] {
    const same = this.same(title, line)
    return same === undefined ? this.ofCall(line).filter(({ at }) => sameFile(at, line.at)) : [same]
  }

  /** That line, else those of the same call from anywhere. */
  ofForm(title: string, line: ComparedLine): readonly ComparedLine[] {
    const same = this.same(title, line)
    return same === undefined ? this.ofCall(line) : [same]
  }

  private ofCall({ call }: ComparedLine): readonly ComparedLine[] {
    return this.byCall.get(call) ?? []
  }
}

function sameFile(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined ? a === b : fileOf(a) === fileOf(b)
}

function mostOf(count: Count | undefined): number {
  return count === undefined ? 0 : rangeOf(count).most
}

function judge(title: string, line: ComparedLine, known: KnownLines, finder: Finder): void {
  const { budgets } = finder
  const same = known.same(title, line)
  const alike = known.alike(title, line)
  const ofForm = known.ofForm(title, line)
  const loop = mostOf(line.loop)
  if (loop > 0 && !alike.some((each) => mostOf(each.loop) > 0))
    finder.add('n-plus-one', title, line, {
      before: same === undefined ? null : `${same.calls} calls, in no loop`,
      after: `${line.loop} calls in a loop`,
      message: `New N+1: ${line.call} is called once a row, ${line.loop} times.`,
      mend: line.call.match(/\.(?:create|update|upsert|delete)/)
        ? 'write the rows in one call: createMany, updateMany, deleteMany, or one $transaction'
        : 'read the rows in one call: include the relation where the parents are read, or findMany with in; or start the calls together (Promise.all) under batching()',
    })
  for (const [table, rows] of Object.entries(line.scans ?? {}))
    if (rows >= budgets.rows && !ofForm.some(({ scans }) => scans !== undefined && table in scans))
      finder.add('sequential-scan', title, line, {
        before: ofForm[0]?.plan?.join('; ') ?? null,
        after: line.plan?.join('; ') ?? `Seq Scan ${table}`,
        message: `New sequential scan: ${line.call} reads all of ${table}, about ${counted(rows, 'row')}.`,
        mend: `index: npx brisk advise says which; or bound the call so that it reads less of ${table}`,
      })
  const dearest = Math.max(0, ...ofForm.flatMap(({ cost }) => cost ?? []))
  if (line.cost !== undefined && dearest > 0 && line.cost >= budgets.factor * dearest)
    finder.add('cost', title, line, {
      before: `cost ${dearest}`,
      after: `cost ${line.cost}`,
      message: `Dearer: ${line.call} costs ${line.cost} in place of ${dearest}, by the planner's units.`,
      mend: 'compare the plans; npx brisk advise says whether an index mends it',
    })
  if (line.unbounded === true && !ofForm.some(({ unbounded }) => unbounded === true))
    finder.add('unbounded-list', title, line, {
      before: null,
      after: 'no limit',
      message: `Unbounded list: ${line.call} returns as many rows as there are.`,
      mend: 'take: give it a take, or pages by cursorPage',
    })
  if (line.unindexed !== undefined && !ofForm.some(({ unindexed }) => unindexed !== undefined))
    finder.add('unindexed', title, line, {
      before: null,
      after: `no index begins with ${line.unindexed.join(' or ')}`,
      message: `No index: ${line.call} finds rows by ${line.unindexed.join(', ')}, and no index begins with ${line.unindexed.length === 1 ? 'it' : 'one of them'}.`,
      mend: `index: @@index([${line.unindexed.join(', ')}]); npx brisk advise proves it and writes the migration`,
    })
  const duplicates = mostOf(line.duplicates)
  const duplicatesBefore = Math.max(0, ...alike.map((each) => mostOf(each.duplicates)))
  if (duplicates > duplicatesBefore)
    finder.add('duplicate-reads', title, line, {
      before: alike.length === 0 ? null : String(duplicatesBefore),
      after: String(duplicates),
      message: `Read again: ${line.call} reads what was read before, ${counted(duplicates, 'time')}.`,
      mend: 'reuse: keep what the first call read and pass it on, or let the cache answer',
    })
}

/** Each test and each route in it by its sum: a call more in place of another is none. */
function moreStatements(
  title: string,
  lines: readonly ComparedLine[],
  before: readonly ComparedLine[],
  finder: Finder,
): void {
  // Hooks of suites, and what runs outside of tests, belong to no route.
  if (before.length === 0 || / \((?:setup|several tests at once)\)$|^\(outside/.test(title)) return
  for (const within of new Set(before.map((line) => line.in))) {
    const now = lines.filter((line) => line.in === within)
    const then = before.filter((line) => line.in === within)
    const [most, mostBefore] = [now, then].map((each) =>
      each.reduce((sum, line) => sum + mostOf(line.statements), 0),
    ) as [number, number]
    if (most <= mostBefore + finder.budgets.more) continue
    const growth = (line: ComparedLine): number =>
      mostOf(line.statements) - mostOf(then.find((each) => lineKey(each) === lineKey(line))?.statements)
    const [worst] = now.toSorted((a, b) => growth(b) - growth(a) || byText(a.call, b.call))
    if (worst === undefined) continue
    finder.add('more-statements', title, worst, {
      before: counted(mostBefore, 'statement'),
      after: counted(most, 'statement'),
      message: `More statements: ${within ?? title} sends ${most} in place of ${mostBefore}, most of them for ${worst.call}.`,
      mend: 'read what belongs together in one call, or run brisk check --update where it has to be so',
    })
  }
}

function counted(count: number, thing: string): string {
  return `${count.toLocaleString('en-US')} ${thing}${count === 1 ? '' : 's'}`
}

type Found = Pick<BudgetFinding, 'before' | 'after' | 'message' | 'mend'>

/** Puts together what is one finding in many tests. */
class Finder {
  private readonly byKey = new Map<string, { finding: BudgetFinding; tests: string[] }>()

  constructor(readonly budgets: ResolvedBudgets) {}

  add(rule: RuleName, title: string, line: ComparedLine, found: Found): void {
    const level: Level = this.budgets.levels[rule]
    if (level === 'off') return
    const place = line.site ?? line.at ?? null
    // More statements are those of one route; all else is the call's.
    const key =
      rule === 'more-statements'
        ? `${rule}\u0000${line.in ?? title}`
        : `${rule}\u0000${line.call}\u0000${place === null ? '' : fileOf(place)}\u0000${rule === 'sequential-scan' ? found.message : ''}`
    const known = this.byKey.get(key)
    if (known !== undefined) {
      if (!known.tests.includes(title)) known.tests.push(title)
      return
    }
    const tests = [title]
    const finding = {
      rule,
      level,
      tests,
      ...(line.in === undefined ? {} : { in: line.in }),
      call: line.call,
      place,
      ...found,
    }
    this.byKey.set(key, { finding, tests })
  }

  findings(): BudgetFinding[] {
    return [...this.byKey.values()]
      .map(({ finding }) => finding)
      .sort((a, b) => RULE_NAMES.indexOf(a.rule) - RULE_NAMES.indexOf(b.rule))
  }
}

/** Every test that is concerned has to be allowed. */
function allowed(
  finding: BudgetFinding,
  { allow }: ResolvedBudgets,
  comments: AllowanceComments,
  used: Set<Allowance>,
): BudgetFinding {
  const reasons = finding.tests.map((test) => {
    const found = allow.find((each) => matches(each, finding, test))
    if (found !== undefined) used.add(found)
    return found?.reason ?? comments.reasonFor(finding, test)
  })
  const [first] = reasons
  return first != null && reasons.every((reason) => reason !== null)
    ? { ...finding, allowed: first }
    : finding
}

function matches({ rule, test, call, at }: Allowance, finding: BudgetFinding, title: string): boolean {
  return (
    rule === finding.rule &&
    (test === undefined || title.includes(test) || finding.in?.includes(test) === true) &&
    (call === undefined || finding.call.includes(call)) &&
    (at === undefined || (finding.place ?? '').includes(at))
  )
}
