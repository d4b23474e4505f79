import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { RunningTest } from '@prisma-brisk/slow-query'
import { isMainThread, threadId } from 'node:worker_threads'

/**
 * What Node loads first into every process under `brisk record`: it knows which test runs where no global object tells it (node:test,
 * mocha), and which request a server of this process is answering. It answers questions on `prisma-brisk:running-test`, and needs
 * nothing but Node, so that processes which never query begin as fast as without it.
 */

interface Message {
  readonly headers: Readonly<Record<string, unknown>>
}
interface Question {
  test: RunningTest | null
  request: { readonly number: number; readonly message: object } | null
}
interface Served {
  readonly number: number
  readonly message: Message
  readonly test: RunningTest | null
}

const tests = new AsyncLocalStorage<RunningTest>()
const requests = new AsyncLocalStorage<Served>()
/** Tests that have begun and not ended. */
const running = new Set<RunningTest>()
let lastRun = 0
let lastRequest = 0

const owner = `${process.pid}.${isMainThread ? 0 : threadId}`
/** A request that a test makes says whose it is, so that a server in another process, or one that began before it, knows. */
const HEADER = 'x-brisk-test'

subscribe('prisma-brisk:running-test', (message) => {
  const question = message as Question
  const served = requests.getStore()
  question.request = served ?? null
  question.test = served === undefined ? (tests.getStore() ?? onlyRunning()) : (served.test ?? onlyRunning())
})

/** The one test that runs in this process; null where none does, or several do. */
function onlyRunning(): RunningTest | null {
  const [only, another] = running
  return another === undefined ? (only ?? null) : null
}

subscribe('http.server.request.start', (message) => {
  const { request } = message as { readonly request: Message }
  requests.enterWith({ number: ++lastRequest, message: request, test: testIn(request) })
})

function testIn({ headers }: Message): RunningTest | null {
  const text = headers[HEADER]
  if (typeof text !== 'string') return null
  try {
    return JSON.parse(decodeURIComponent(text)) as RunningTest
  } catch {
    return null
  }
}

/** Requests of `fetch` to this machine. */
subscribe('undici:request:create', (message) => {
  const { request } = message as {
    readonly request: { readonly origin?: unknown; addHeader?(name: string, value: string): unknown }
  }
  const test = tests.getStore() ?? onlyRunning()
  if (test === null || !LOCAL.test(String(request.origin))) return
  request.addHeader?.(HEADER, encodeURIComponent(JSON.stringify(test)))
})

const LOCAL = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::|$)/

/** A test, a suite or a hook of node:test. */
interface NodeTest extends AsyncResource {
  readonly name?: unknown
  readonly parent?: NodeTest | null
  readonly loc?: { readonly file?: string }
  readonly hookType?: string
  /** Of a hook: what it was written in. */
  readonly parentTest?: NodeTest
}

const ofNode = new WeakMap<object, RunningTest>()
const { runInAsyncScope } = AsyncResource.prototype

/**
 * The tests of node:test are asynchronous resources, and their functions run in them. The context that a test is given tells it, since
 * the hooks around it are given the same one.
 */
AsyncResource.prototype.runInAsyncScope = function <This, Result>(
  this: NodeTest,
  work: (this: This, ...args: unknown[]) => Result,
  thisArg?: This,
  ...args: unknown[]
): Result {
  const test = nodeTest(this, thisArg)
  if (test === null) return runInAsyncScope.call(this, work as never, thisArg, ...args) as Result
  // Within the resource: it has a context of its own.
  const within = (): Result => tests.run(test, () => begun(work.apply(thisArg as This, args)))
  if (test.kind !== 'test') return runInAsyncScope.call(this, within) as Result
  running.add(test)
  const result = runInAsyncScope.call(this, within) as Result
  // One that calls back ends nobody knows when, but before the next one begins.
  const ended = (): void => void running.delete(test)
  if (result instanceof Promise) result.then(ended, ended)
  else if (args.length < 2) ended()
  else only(test)
  return result
}

/** A call of Prisma is made when it is awaited, which the runner does in no context of the test. */
function begun<Result>(result: Result): Result {
  if (typeof result !== 'object' || result === null || result instanceof Promise) return result
  const { then } = result as { then?: unknown }
  if (typeof then !== 'function') return result
  return new Promise((resolve, reject) => void then.call(result, resolve, reject)) as Result
}

/** Of tests that call back none runs beside another. */
function only(test: RunningTest): void {
  running.clear()
  running.add(test)
}

const KINDS: ReadonlySet<string> = new Set(['Test', 'Suite', 'TestHook'])
const OF_TEST: ReadonlySet<unknown> = new Set(['beforeEach', 'afterEach'])

function nodeTest(resource: NodeTest, context: unknown): RunningTest | null {
  const type = resource.constructor.name
  if (!KINDS.has(type)) return null
  const isOfTest = type === 'TestHook' ? OF_TEST.has(resource.hookType) : type === 'Test'
  const key = isOfTest && typeof context === 'object' && context !== null ? context : resource
  let test = ofNode.get(key)
  if (test !== undefined) return test
  const of = type === 'TestHook' ? resource.parentTest : resource
  const { fullName } = key as { readonly fullName?: unknown }
  const isTest = isOfTest && typeof fullName === 'string'
  test = {
    run: `${owner}.${++lastRun}`,
    attempt: 0,
    file: resource.loc?.file ?? process.argv[1] ?? null,
    path: isTest ? fullName.split(' > ') : nodePath(of),
    kind: isTest ? 'test' : 'setup',
  }
  ofNode.set(key, test)
  return test
}

/** Without the root, which has no name of its own. */
function nodePath(suite: NodeTest | undefined): string[] {
  const path: string[] = []
  for (let each = suite; each?.parent != null; each = each.parent) path.unshift(String(each.name))
  return path
}

interface MochaTest {
  readonly file?: string
  currentRetry?(): number
  /** The first attempt, of which this one is a copy. */
  retriedTest?(): MochaTest | undefined
  titlePath(): string[]
}
interface MochaContext {
  readonly currentTest?: MochaTest
}

const runsOfMocha = new WeakMap<MochaTest, string>()
let ofMocha: RunningTest | null = null

/** Hooks of mocha's root suite; mocha loads this module too, by `MOCHA_OPTIONS`. Its tests run one after the other. */
export const mochaHooks: { beforeEach(this: object): void; afterEach(): void } = {
  beforeEach(): void {
    const { currentTest: test } = this as MochaContext
    if (test === undefined) return
    const first = test.retriedTest?.() ?? test
    let run = runsOfMocha.get(first)
    if (run === undefined) runsOfMocha.set(first, (run = `${owner}.${++lastRun}`))
    ofMocha = {
      run,
      attempt: test.currentRetry?.() ?? 0,
      file: test.file ?? null,
      path: test.titlePath(),
      kind: 'test',
    }
    running.add(ofMocha)
  },
  afterEach(): void {
    if (ofMocha !== null) running.delete(ofMocha)
    ofMocha = null
  },
}
