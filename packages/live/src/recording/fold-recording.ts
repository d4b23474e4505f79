import { isAbsolute, relative, sep } from 'node:path'
import type { RecordedCall, RecordedText } from '@prisma-brisk/slow-query'
import { duplicateReads, isMerged, largestLoop, runBeside } from './loops.ts'
import { countOf, widened, type Range } from './range.ts'
import type { ProcessRecording } from './recorded-processes.ts'
import { byText, lineKey, rowsOf, type QueryLine } from './recording.ts'
import { stableName } from './stable-name.ts'

/** A line with what the file leaves out. */
export interface FoldedLine extends QueryLine {
  /** `src/post.ts:12:20`: of its loop where there is one, else of its first call. */
  readonly site: string | null
  /** Its statements by fingerprint, without values. */
  readonly texts: ReadonlyMap<string, string>
}

/** By test, route or file; not sorted. */
export type Folded = ReadonlyMap<string, readonly FoldedLine[]>

/**
 * What was recorded, folded into lines: calls of one form in one run of a test are counted, and runs of one test are put together. Counts
 * that a race can change become ranges: what batching may merge or not, and what a cache may answer.
 *
 * @param root paths are relative to it
 */
export function foldRecording(processes: readonly ProcessRecording[], root: string): Folded {
  const all = new Map<string, Run>()
  for (const [index, each] of processes.entries()) addRuns(all, each, index, root)
  const runs = lastAttempts([...all.values()])
  for (const { calls } of runs) calls.sort((a, b) => a.from - b.from || a.to - b.to)
  const sends = new Map<string, Sends>()
  for (const { calls } of runs) for (const call of calls) learn(sends, call)
  const tests = new Map<string, TestLines>()
  for (const run of runs) {
    let test = tests.get(run.title)
    if (test === undefined) tests.set(run.title, (test = new TestLines()))
    test.add(run, sends, root)
  }
  return new Map([...tests].map(([title, lines]) => [title, lines.lines()]))
}

/** A call with the statements that answered it. */
interface Answered extends RecordedCall {
  /** Tells its request from all others, of other processes too. */
  readonly request: string
  /** Of its batch where it was merged. */
  readonly texts: readonly RecordedText[]
}

/** One run of a test, one request, or what a process does outside of both. */
interface Run {
  readonly title: string
  readonly key: string
  readonly attempt: number
  readonly calls: Answered[]
}

/** A test may ask processes beside its own. */
function addRuns(
  runs: Map<string, Run>,
  { process, texts, calls }: ProcessRecording,
  index: number,
  root: string,
): void {
  const batches = new Map<number, RecordedText[]>()
  const textsOf = (numbers: readonly number[]) => numbers.flatMap((number) => texts.get(number) ?? [])
  for (const { batch, statements } of calls)
    if (batch !== undefined) batches.set(batch.id, [...(batches.get(batch.id) ?? []), ...textsOf(statements)])
  for (const call of calls) {
    const { test, scope, batch } = call
    const title = titleOf(call, process.script, process.cwd, root)
    const request = `${index} ${scope?.number ?? ''}`
    const key = `${test?.run ?? request} ${title}`
    const attempt = test?.attempt ?? 0
    let known = runs.get(`${key} ${attempt}`)
    if (known === undefined) runs.set(`${key} ${attempt}`, (known = { title, key, attempt, calls: [] }))
    known.calls.push({
      ...call,
      request,
      texts: batch === undefined ? textsOf(call.statements) : (batches.get(batch.id) ?? []),
    })
  }
}

/** A test that was tried again counts as it went the last time. */
function lastAttempts(runs: readonly Run[]): Run[] {
  const last = new Map<string, number>()
  for (const { key, attempt } of runs) last.set(key, Math.max(attempt, last.get(key) ?? 0))
  return runs.filter(({ key, attempt }) => attempt === last.get(key))
}

function titleOf({ test, scope, site }: RecordedCall, script: string, cwd: string, root: string): string {
  if (test === null) {
    if (scope !== null) return stableName(scope.name)
    const place = site === null ? null : placeWithin(fileOf(site), root, cwd)
    return `(outside of tests) ${place ?? placeWithin(script, root, cwd) ?? 'elsewhere'}`
  }
  const { file, path, kind } = test
  const names = [
    ...(file === null ? [] : [placeWithin(fileOf(file), root, cwd) ?? 'elsewhere']),
    ...path.map(stableName),
  ]
  return `${names.join(' › ')}${KIND[kind]}`
}

const KIND = { test: '', setup: ' (setup)', several: ' (several tests at once)' } as const

/** A path of the project with `/`; null for one outside of it. */
export function placeWithin(path: string, root: string, cwd = root): string | null {
  const plain = path.startsWith('file://') ? decodeURIComponent(new URL(path).pathname) : path
  if (plain === '') return null
  const within = isAbsolute(plain) ? relative(root, plain) : relative(root, `${cwd}${sep}${plain}`)
  if (within === '' || within.split(sep)[0] === '..' || isAbsolute(within)) return null
  return within.split(sep).join('/')
}

/** `src/post.ts:12:20` is of `src/post.ts`. */
export function fileOf(site: string): string {
  return site.replace(/:\d+(?::\d+)?$/, '')
}

/** What calls of one form send. */
interface Sends {
  /** Statements of one that is answered alone, or of a batch. */
  statements: number
  /** Whether batching, or Prisma itself, may answer several together. */
  isMergeable: boolean
  /** Their texts by fingerprint: of those that were answered alone, and of batches. */
  readonly alone: Map<string, string>
  readonly merged: Map<string, string>
}

function learn(sends: Map<string, Sends>, call: Answered): void {
  const { signature, texts, batch } = call
  let known = sends.get(signature)
  if (known === undefined) {
    known = { statements: 0, isMergeable: false, alone: new Map(), merged: new Map() }
    sends.set(signature, known)
  }
  known.statements = Math.max(known.statements, texts.length)
  if (call.isMergeable === true || isMerged(call)) known.isMergeable = true
  const into = batch === undefined ? known.alone : known.merged
  for (const { fingerprint, sql } of texts)
    into.set(fingerprint, leastText(into.get(fingerprint) ?? null, sql))
}

/** The lines of one test, over all of its runs. */
class TestLines {
  private readonly byKey = new Map<string, LineSum>()
  /** Runs in which a request or job was seen, by its name. */
  private readonly runsWithin = new Map<string | undefined, number>()

  add(run: Run, sends: ReadonlyMap<string, Sends>, root: string): void {
    const within = new Map<string | undefined, Answered[]>()
    for (const call of run.calls) {
      const name = call.test === null || call.scope === null ? undefined : stableName(call.scope.name)
      within.set(name, [...(within.get(name) ?? []), call])
    }
    for (const [name, calls] of within) {
      this.runsWithin.set(name, (this.runsWithin.get(name) ?? 0) + 1)
      const duplicates = duplicatesOf(calls)
      for (const [signature, group] of grouped(calls, (call) => call.signature)) {
        const key = lineKey({ call: signature, ...(name === undefined ? {} : { in: name }) })
        let sum = this.byKey.get(key)
        if (sum === undefined) {
          sum = new LineSum(signature, name, root, sends.get(signature) as Sends)
          this.byKey.set(key, sum)
        }
        sum.add(group, duplicates.get(signature) ?? 0)
      }
    }
  }

  lines(): FoldedLine[] {
    return [...this.byKey.values()].map((sum) => sum.line(this.runsWithin.get(sum.within) ?? 0))
  }
}

/** By form; each request for itself. */
function duplicatesOf(calls: readonly Answered[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [, ofScope] of grouped(calls, ({ request }) => request))
    for (const [signature, again] of duplicateReads(ofScope))
      counts.set(signature, (counts.get(signature) ?? 0) + again.length)
  return counts
}

function grouped<Key>(calls: readonly Answered[], keyOf: (call: Answered) => Key): Map<Key, Answered[]> {
  const groups = new Map<Key, Answered[]>()
  for (const call of calls) {
    const group = groups.get(keyOf(call))
    if (group === undefined) groups.set(keyOf(call), [call])
    else group.push(call)
  }
  return groups
}

/** The calls of one form, over all runs of a test. */
class LineSum {
  private runs = 0
  private calls: Range | null = null
  private statements: Range | null = null
  private loop: Range | null = null
  private loopSite: string | null = null
  private duplicates: Range | null = null
  private rows = 0
  private isUnbounded = false
  private readonly unindexed = new Set<string>()
  private readonly sites = new Set<string>()

  constructor(
    private readonly signature: string,
    readonly within: string | undefined,
    private readonly root: string,
    /** What calls of its form send anywhere: what one of them sends by chance must not matter. */
    private readonly sends: Sends,
  ) {}

  add(calls: readonly Answered[], duplicates: number): void {
    this.runs++
    this.calls = widenedBy(this.calls, exactly(calls.length))
    this.statements = widenedBy(this.statements, statementsOf(calls, this.sends))
    this.duplicates = widenedBy(this.duplicates, exactly(duplicates))
    const loops = [...grouped(calls, ({ request }) => request).values()].flatMap(
      (each) => largestLoop(each) ?? [],
    )
    const largest = loops.toSorted((a, b) => b.count - a.count)[0]
    this.loop = widenedBy(this.loop, exactly(largest?.count ?? 0))
    if (largest?.site != null) this.loopSite = leastText(this.loopSite, largest.site)
    for (const call of calls) {
      this.rows = Math.max(this.rows, call.rows)
      if (call.isUnbounded === true) this.isUnbounded = true
      for (const field of call.unindexed ?? []) this.unindexed.add(field)
      if (call.site !== null) this.sites.add(call.site)
    }
  }

  /** @param runs of the test in which the request or job was seen; in some the calls may be missing */
  line(runs: number): FoldedLine {
    const isAlways = this.runs >= runs
    const whole = (range: Range | null): Range => ({
      least: isAlways ? (range?.least ?? 0) : 0,
      most: range?.most ?? 0,
    })
    const [first = null] = [...this.sites].sort(byText)
    const site = this.loopSite ?? first
    const at = site === null ? null : placeWithin(fileOf(site), this.root)
    const loop = whole(this.loop)
    const duplicates = whole(this.duplicates)
    return {
      call: this.signature,
      ...(this.within === undefined ? {} : { in: this.within }),
      ...(at === null ? {} : { at }),
      calls: countOf(whole(this.calls)),
      statements: countOf(whole(this.statements)),
      rows: rowsOf(this.rows),
      ...(loop.most === 0 ? {} : { loop: countOf(loop) }),
      ...(duplicates.most === 0 ? {} : { duplicates: countOf(duplicates) }),
      ...(this.isUnbounded ? { unbounded: true } : {}),
      ...(this.unindexed.size === 0 ? {} : { unindexed: [...this.unindexed].sort(byText) }),
      site: at === null || site === null ? null : `${at}${site.slice(fileOf(site).length)}`,
      texts: this.sends.alone.size > 0 ? this.sends.alone : this.sends.merged,
    }
  }
}

/**
 * Statements of the calls of one form in one run. Where batching or Prisma may merge calls that run beside each other, from those of one
 * to those of all; where a cache may have the answer, from none.
 */
function statementsOf(calls: readonly Answered[], { statements, isMergeable }: Sends): Range {
  const own = calls.reduce((sum, call) => sum + (call.batch === undefined ? call.texts.length : 0), 0)
  const most = Math.max(own, calls.length * statements)
  if (calls.some(({ cache }) => cache !== undefined && cache !== 'bypass')) return { least: 0, most }
  if (calls.length > 1 && isMergeable && runBeside(calls)) return { least: statements, most }
  return exactly(calls.some(({ batch }) => batch !== undefined) || calls.some(isMerged) ? most : own)
}

function exactly(count: number): Range {
  return { least: count, most: count }
}

function widenedBy(known: Range | null, range: Range): Range {
  return known === null ? range : widened(known, range)
}

function leastText(known: string | null, text: string): string {
  return known === null || byText(text, known) < 0 ? text : known
}
