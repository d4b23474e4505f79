import { basename } from 'node:path'
import { processName, realTimers, WatchedScope } from '@prisma-brisk/core'
import { LIVE_FORGOTTEN, LIVE_PROTOCOL, type LiveMessage, type LiveProcess } from '../record/live-records.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { KeptStatements } from './kept-statements.ts'
import { LiveEncoder } from './live-encoder.ts'
import { LiveRequest } from './live-request.ts'
import type { LiveTarget } from '../live-target.ts'

/** Messages that wait to be made, and characters that wait to be sent; more are dropped and counted. */
const MAX_PENDING = 20_000
const MAX_LENGTH = 2 * 1024 * 1024
/** Characters that are sent without waiting for more. */
const ENOUGH = 256 * 1024
/** Messages made in one turn of the event loop. */
const TURN = 500
/** Milliseconds in which what happens together is sent together, and after which a hub that failed is tried again. */
const GATHER_MS = 100
const PAUSE_MS = 500
/** What runs outside of requests is one request until nothing has happened for so long. */
const IDLE_MS = 1000

let lastCall = 0

/** Reports what happens in this process to one hub, off the path of the calls. */
export class LiveReporter {
  /** Messages that reached no hub. */
  dropped = 0
  /** What clients keep of this reporter, each for itself. */
  readonly viewKey = Symbol('prisma-brisk.live-statements')
  readonly encoder: LiveEncoder
  /** Whether pages of HTML get a link to their request. */
  showsPill = false
  /** What the hub may ask of. */
  readonly kept = new KeptStatements()
  private pending: (() => LiveMessage | string | null)[] = []
  private lines: string[] = []
  private length = 0
  private making: NodeJS.Immediate | null = null
  private sending: Promise<void> | null = null
  private hurry: () => void = () => undefined
  private readonly requests = new WeakMap<WatchedScope, LiveRequest>()
  private lastRequest = 0
  private alone: WatchedScope | null = null
  private timer: NodeJS.Timeout | null = null
  private isAsked = false

  constructor(
    private readonly target: LiveTarget,
    readonly showsValues: boolean,
  ) {
    this.encoder = new LiveEncoder(showsValues)
  }

  /** Queues a message that is made later; null where there is nothing to say. */
  add(make: () => LiveMessage | string | null): void {
    if (this.pending.length >= MAX_PENDING) {
      this.dropped++
      return
    }
    this.pending.push(make)
    this.making ??= realTimers.setImmediate(this.write)
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

  /** Where the hub shows a request, without its token: whoever reads the page of the application learns nothing of it. Null: nowhere. */
  addressOf(scope: WatchedScope): string | null {
    const request = this.requests.get(scope)
    const origin = this.target.origin?.() ?? null
    return request === undefined || origin === null ? null : `${origin}/#/requests/${request.id}`
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
    if (trace.liveNumber === 0) trace.liveNumber = ++lastCall
    return trace.liveNumber
  }

  /** Resolves when what was reported so far has reached the hub, or is dropped. */
  async flush(): Promise<void> {
    this.endOutside()
    for (;;) {
      if (this.sending !== null) await this.sending
      else if (this.making !== null) await new Promise<void>((resolve) => realTimers.setImmediate(resolve))
      else return
    }
  }

  private endOutside(): void {
    if (this.timer !== null) realTimers.clearTimeout(this.timer)
    const { alone } = this
    this.timer = this.alone = null
    alone?.end()
  }

  /** Sends what was made, a while after the first of it, until nothing more is there. */
  private async send(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.hurry = resolve
      realTimers.setTimeout(resolve, GATHER_MS).unref()
    })
    while (this.lines.length > 0) {
      const count = this.lines.length
      // Of what is on its way there is one copy, not one a line too.
      const body = this.lines.join('\n')
      this.lines = []
      this.length = 0
      try {
        await this.deliver(body)
        void this.listen()
      } catch {
        this.dropped += count
        await pause(PAUSE_MS)
      }
    }
    this.sending = null
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

  /**
   * Makes some of the messages that wait: soon, so that what they are made of need not be kept, and not within the turn of the event loop
   * that the calls end in.
   */
  private readonly write = (): void => {
    const { pending } = this
    this.pending = pending.length > TURN ? pending.slice(TURN) : []
    this.making = this.pending.length > 0 ? realTimers.setImmediate(this.write) : null
    for (const make of pending.length > TURN ? pending.slice(0, TURN) : pending) {
      try {
        const message = make()
        if (message === null) continue
        const line = typeof message === 'string' ? message : lineOf(message)
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
    if (this.lines.length > 0) this.sending ??= this.send()
    if (this.length > ENOUGH) this.hurry()
  }

  /** A hub that has forgotten what it was told, since it is another one, is told everything. */
  private async deliver(body: string): Promise<void> {
    const { encoder } = this
    const send = async (): Promise<void> => {
      const { count } = encoder
      await this.target.send(`${[JSON.stringify(this.process()), ...encoder.news(), body].join('\n')}\n`)
      encoder.told(count)
    }
    try {
      await send()
    } catch (error) {
      if ((error as { code?: unknown }).code !== LIVE_FORGOTTEN) throw error
      encoder.told(0)
      await send()
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
      known: this.encoder.known,
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

function lineOf(message: LiveMessage): string {
  try {
    return JSON.stringify(message)
  } catch {
    return JSON.stringify(message, jsonValue)
  }
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
