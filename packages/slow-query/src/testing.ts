import { dialectOf, redactSql, runInScope, WatchedScope, type RequestWatcher } from '@prisma-brisk/core'
import { QueryExpectationError } from './errors.ts'
import { LoopDetector } from './loop/loop-detector.ts'
import { reportOf } from './loop/loop-report.ts'
import type { QueriesClient } from './queries.ts'
import { Recorder } from './recorder/recorder.ts'
import type { OperationTrace } from './trace/operation-trace.ts'

export { QueryExpectationError } from './errors.ts'

/**
 * Runs `work` and fails unless the client sent exactly `count` statements for it, BEGIN and COMMIT not counted. The
 * failure lists them with their call sites. Works in every test runner. What `work` calls and awaits is counted. A
 * request to a server over a socket runs in another async context and is not counted, even within the same process;
 * use the server's own way to inject requests.
 *
 * @returns what `work` returned
 * @throws QueryExpectationError
 * @example
 * const posts = await expectQueryCount(prisma, 2, () => listPosts(prisma))
 */
export async function expectQueryCount<T>(
  prisma: QueriesClient,
  count: number,
  work: () => T | Promise<T>,
): Promise<T> {
  const { result, watcher } = await watch(prisma, work)
  const sent = watcher.sent.length
  if (sent !== count) {
    throw new QueryExpectationError(
      `Expected ${count} ${count === 1 ? 'statement' : 'statements'}, ${sent} ${sent === 1 ? 'was' : 'were'} sent:\n${watcher.listing()}`,
    )
  }
  return result
}

export interface LoopExpectation {
  /**
   * Calls of one shape from one place, with different values, that make a loop. Default 3, because test data has few
   * rows; `nPlusOne.threshold`, which watches production, is 10.
   */
  readonly threshold?: number | undefined
}

/**
 * Runs `work` and fails if it reads or writes in a loop. The failure names the call site, what repeats and what to
 * do about it. Give it at least `threshold` rows to loop over.
 *
 * @returns what `work` returned
 * @throws QueryExpectationError
 * @example
 * await expectNoNPlusOne(prisma, () => app.inject('/conversations'))
 */
export async function expectNoNPlusOne<T>(
  prisma: QueriesClient,
  work: () => T | Promise<T>,
  { threshold = 3 }: LoopExpectation = {},
): Promise<T> {
  const { result, watcher, recorder } = await watch(prisma, work, threshold)
  const loops = [...(watcher.detector?.loops() ?? [])].filter(
    ({ sending, kept }) => sending >= threshold && kept <= sending,
  )
  if (loops.length === 0) return result
  const listed = loops.map((loop) => {
    const { model, operation, count, statements, callSite, parent, advice, sql } = reportOf(
      loop,
      watcher.parents,
      recorder.host,
      null,
    )
    return [
      `${model}.${operation}: ${count} calls, ${statements} statements${callSite === null ? '' : `, at ${callSite}`}`,
      ...(parent === undefined ? [] : [`  for each row of ${parent}`]),
      `  ${sql}`,
      `  ${advice}`,
    ].join('\n')
  })
  throw new QueryExpectationError(
    `Expected no loop of queries, found ${loops.length}:\n${listed.join('\n')}\nAll statements:\n${watcher.listing()}`,
  )
}

async function watch<T>(
  prisma: QueriesClient,
  work: () => T | Promise<T>,
  threshold?: number,
): Promise<{ result: T; watcher: TestWatcher; recorder: Recorder }> {
  const recorder = Recorder.behind(prisma.$queries)
  const scope = new WatchedScope({ name: 'test' })
  const watcher = scope.watcher(scope, () => new TestWatcher(recorder, threshold))
  const result = await runInScope(scope, async () => await work())
  return { result, watcher, recorder }
}

/** Keeps what was sent. */
class TestWatcher implements RequestWatcher {
  /** What is tested may be a whole request, which a middleware makes a scope of its own. */
  readonly follows = true
  readonly sent: { readonly sql: string; readonly trace: OperationTrace }[] = []
  readonly parents: OperationTrace[] = []
  readonly detector: LoopDetector | null

  constructor(
    private readonly recorder: Recorder,
    threshold?: number,
  ) {
    this.detector = threshold === undefined ? null : new LoopDetector(threshold)
  }

  started(trace: OperationTrace): void {
    if (trace.owner.recorder === this.recorder) this.detector?.started(trace)
  }

  settled(trace: OperationTrace): void {
    if (trace.owner.recorder !== this.recorder) return
    if (trace.rowsReturned > 1) this.parents.push(trace)
    this.detector?.settled(trace)
  }

  statement({ sql }: { readonly sql: string }, trace: OperationTrace): void {
    if (trace.owner.recorder === this.recorder) this.sent.push({ sql, trace })
  }

  ended(): void {}

  listing(): string {
    const { host } = this.recorder
    const lines = this.sent.map(({ sql, trace }, index) => {
      const { call } = trace
      const site = trace.call.callSite()
      const name = call.model === null ? call.operation : `${call.model}.${call.operation}`
      return `  ${index + 1}. ${name}${site === null ? '' : ` at ${site}`}\n     ${redactSql(sql, dialectOf(host)).sql}`
    })
    return lines.length === 0 ? '  (none)' : lines.join('\n')
  }
}
