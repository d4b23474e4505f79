import { basename } from 'node:path'
import { processName, realTimers } from '@prisma-brisk/core'
import { LIVE_PROTOCOL, type LiveMessage, type LiveProcess } from '../record/live-records.ts'
import { WatchedScope } from '../request/request-scope.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { KeptStatements } from './kept-statements.ts'
import { LiveRequest } from './live-request.ts'
import type { LiveTarget } from '../live-target.ts'

/** Messages that wait to be made, and characters that wait to be sent; more are dropped and counted. */
const MAX_PENDING = 20_000
const MAX_LENGTH = 8 * 1024 * 1024
/** Messages made in one turn of the event loop. */
const TURN = 500
/** Milliseconds in which what happens together is sent together, and after which a hub that failed is tried again. */
const GATHER_MS = 50
const PAUSE_MS = 500
/** What runs outside of requests is one request until nothing has happened for so long. */
const IDLE_MS = 1000

/** Reports what happens in this process to one hub, off the path of the calls. */
export class LiveReporter {
  /** Messages that reached no hub. */
  dropped = 0
  /** What the hub may ask of. */
  readonly kept = new KeptStatements()
  private pending: (() => LiveMessage | null)[] = []
  private lines: string[] = []
  private length = 0
  private working: Promise<void> | null = null
  private readonly requests = new WeakMap<WatchedScope, LiveRequest>()
  private readonly numbers = new WeakMap<OperationTrace, number>()
  private lastRequest = 0
  private lastCall = 0
  private alone: WatchedScope | null = null
  private timer: NodeJS.Timeout | null = null
  private isAsked = false

  constructor(
    private readonly target: LiveTarget,
    readonly showsValues: boolean,
  ) {}

  /** Queues a message that is made later; null where there is nothing to say. */
  add(make: () => LiveMessage | null): void {
    if (this.pending.length >= MAX_PENDING) {
      this.dropped++
      return
    }
    this.pending.push(make)
    this.working ??= this.work()
  }

  /** What is known of a request; the hub hears of it with its first call. */
  requestOf(scope: WatchedScope): LiveRequest {
    let request = this.requests.get(scope)
    if (request === undefined) {
      const id = `${processName().slice(0, 8)}-${++this.lastRequest}`
      this.requests.set(scope, (request = new LiveRequest(id, scope, this)))
      request.begin()
    }
    return request
  }

  /** Whether a loop was seen in a request so far. */
  hasLoop(scope: WatchedScope): boolean {
    return this.requests.get(scope)?.hasLoop() ?? false
  }

  isOutside(scope: WatchedScope): boolean {
    return scope === this.alone
  }

  /** The request that stands for what runs outside of any. */
  outside(): WatchedScope {
    this.alone ??= new WatchedScope({ name: '(outside of requests)' })
    if (this.timer === null) {
      this.timer = realTimers.setTimeout(() => this.endOutside(), IDLE_MS)
      this.timer.unref()
    } else this.timer.refresh()
    return this.alone
  }

  /** The number of a call, given when it begins. */
  numberOf(trace: OperationTrace): number {
    let number = this.numbers.get(trace)
    if (number === undefined) this.numbers.set(trace, (number = ++this.lastCall))
    return number
  }

  /** Resolves when what was reported so far has reached the hub, or is dropped. */
  async flush(): Promise<void> {
    this.endOutside()
    while (this.working !== null) await this.working
  }

  private endOutside(): void {
    if (this.timer !== null) realTimers.clearTimeout(this.timer)
    const { alone } = this
    this.timer = this.alone = null
    alone?.end()
  }

  private async work(): Promise<void> {
    await pause(GATHER_MS)
    while (this.pending.length > 0 || this.lines.length > 0) {
      this.write()
      if (this.pending.length > 0) {
        await new Promise<void>((resolve) => realTimers.setImmediate(resolve))
        continue
      }
      const { lines } = this
      this.lines = []
      this.length = 0
      try {
        await this.target.send(`${[JSON.stringify(this.process()), ...lines].join('\n')}\n`)
        void this.listen()
      } catch {
        this.dropped += lines.length
        await pause(PAUSE_MS)
      }
    }
    this.working = null
  }

  /** Waits for what the hub asks as long as it is there; with the next delivery that it takes it is listened to again. */
  private async listen(): Promise<void> {
    const { target } = this
    if (this.isAsked || target.questions === undefined) return
    this.isAsked = true
    try {
      for (;;) {
        const questions = await target.questions(processName())
        for (const { id: question, fingerprint } of questions) {
          const answer = await this.kept.explain(fingerprint)
          this.add(() => ({ type: 'answer', question, ...answer }))
        }
        // A hub that answers at once with nothing must not keep us busy.
        if (questions.length === 0) await pause(PAUSE_MS)
      }
    } catch {
      this.isAsked = false
    }
  }

  /** Makes some of the messages that wait. */
  private write(): void {
    const { pending } = this
    this.pending = pending.length > TURN ? pending.slice(TURN) : []
    for (const make of pending.length > TURN ? pending.slice(0, TURN) : pending) {
      try {
        const message = make()
        if (message === null) continue
        const line = JSON.stringify(message, jsonValue)
        if (this.length + line.length > MAX_LENGTH) {
          this.dropped++
          continue
        }
        this.lines.push(line)
        this.length += line.length
      } catch {
        // A message that cannot be made must not take those behind it along.
        this.dropped++
      }
    }
  }

  private process(): LiveProcess {
    return {
      type: 'process',
      protocol: LIVE_PROTOCOL,
      process: processName(),
      pid: process.pid,
      name: basename(process.argv[1] ?? 'node'),
      cwd: process.cwd(),
      dropped: this.dropped,
      args: this.showsValues ? 'values' : 'kinds',
    }
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    realTimers.setTimeout(resolve, ms).unref()
  })
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
