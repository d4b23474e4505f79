import { channel } from 'node:diagnostics_channel'
import { processName } from '@prisma-brisk/core'
import type { ServedMessage } from '../live/http-requests.ts'
import type { RunningTest } from '../record/recorded-call.ts'

/**
 * Asks, on `node:diagnostics_channel`, whoever knows the runner: the module that `brisk record` has Node load first. What it knows it
 * writes into the message.
 */
const asked = channel('prisma-brisk:running-test')

/** The question, and what is known. */
export interface TestQuestion {
  test: RunningTest | null
  /** The request of a server of this process that the call belongs to. */
  request: ServedRequest | null
}

/** As Node's server has it, with a number of its own. */
export interface ServedRequest {
  readonly number: number
  readonly message: ServedMessage
}

/** The test and the request that whatever runs now belongs to. */
export function whatRuns(): TestQuestion {
  const question: TestQuestion = { test: null, request: null }
  if (asked.hasSubscribers) asked.publish(question)
  // A test that sent the request is known by it, wherever the server was started.
  if (question.test === null) question.test = jestTest() ?? vitestTest()
  return question
}

/** Numbers of tests, by what the runner keeps of each. */
const runs = new WeakMap<object, string>()
let lastRun = 0

function runOf(key: object): string {
  let run = runs.get(key)
  if (run === undefined) runs.set(key, (run = `${processName()}.${++lastRun}`))
  return run
}

interface JestBlock {
  readonly name: string
  readonly parent?: JestBlock
  readonly concurrent?: boolean
  readonly invocations?: number
}
interface JestState {
  readonly currentlyRunningTest?: JestBlock | null
  readonly currentDescribeBlock?: JestBlock
}
interface JestExpectState {
  readonly testPath?: string
  readonly currentTestIdentity?: () => unknown
}

const REALM = globalThis as unknown as Readonly<Record<PropertyKey, unknown>>
const JEST_MATCHERS = Symbol.for('$$jest-matchers-object')

/** Jest keeps what runs in the global object of each test file, where this module is too. */
function jestTest(): RunningTest | null {
  const key = Object.getOwnPropertySymbols(globalThis).find(
    ({ description }) => description === 'JEST_STATE_SYMBOL',
  )
  if (key === undefined) return null
  const { currentlyRunningTest, currentDescribeBlock } = REALM[key] as JestState
  const { testPath: file = null, currentTestIdentity } = (
    REALM[JEST_MATCHERS] as { readonly state: JestExpectState }
  ).state
  const identified = currentTestIdentity?.() as JestBlock | undefined
  const test = identified ?? (currentlyRunningTest?.concurrent === true ? undefined : currentlyRunningTest)
  if (test != null)
    return {
      run: runOf(test),
      attempt: Math.max(0, (test.invocations ?? 1) - 1),
      file,
      path: jestPath(test),
      kind: 'test',
    }
  const block = currentDescribeBlock ?? (REALM[key] as object)
  const path = currentDescribeBlock === undefined ? [] : jestPath(currentDescribeBlock)
  const kind = currentlyRunningTest == null ? 'setup' : 'several'
  return { run: `${kind} ${runOf(block)}`, attempt: 0, file, path, kind }
}

function jestPath(block: JestBlock): string[] {
  const path: string[] = []
  for (let each: JestBlock | undefined = block; each !== undefined; each = each.parent)
    if (each.name !== 'ROOT_DESCRIBE_BLOCK') path.unshift(each.name)
  return path
}

interface VitestTask {
  readonly type?: string
  readonly name: string
  readonly suite?: VitestTask
  readonly concurrent?: boolean
  readonly filepath?: string
  readonly file?: VitestTask
  readonly tasks?: readonly VitestTask[]
  readonly result?: { readonly state?: string; readonly retryCount?: number }
}

/** Vitest keeps the task that began or ended last in the global object of each worker; which of several at once calls, nobody says. */
function vitestTest(): RunningTest | null {
  const worker = REALM['__vitest_worker__'] as
    { readonly current?: VitestTask; readonly filepath?: string } | undefined
  if (worker === undefined) return null
  const { current } = worker
  const file = current?.file ?? current
  const path = file?.filepath ?? worker.filepath ?? null
  if (file === undefined || current === undefined)
    return { run: `setup ${runOf(worker)}`, attempt: 0, file: path, path: [], kind: 'setup' }
  if (current.concurrent === true || runsConcurrent(file))
    return { run: `several ${runOf(file)}`, attempt: 0, file: path, path: [], kind: 'several' }
  const isTest = current.type === 'test'
  return {
    run: runOf(current),
    attempt: isTest ? (current.result?.retryCount ?? 0) : 0,
    file: path,
    path: vitestPath(current),
    kind: isTest ? 'test' : 'setup',
  }
}

function runsConcurrent({ tasks = [] }: VitestTask): boolean {
  return tasks.some((each) =>
    each.type === 'test' ? each.concurrent === true && each.result?.state === 'run' : runsConcurrent(each),
  )
}

function vitestPath(task: VitestTask): string[] {
  const path: string[] = []
  for (let each: VitestTask | undefined = task; each !== undefined; each = each.suite)
    if (each.filepath === undefined) path.unshift(each.name)
  return path
}
