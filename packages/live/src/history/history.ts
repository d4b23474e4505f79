import { LiveDictionary } from '@prisma-brisk/slow-query'
import type {
  LiveAnswer,
  LiveBrief,
  LiveBatchEvent,
  LiveCacheEvent,
  LiveCall,
  LiveMessage,
  LivePlan,
  LiveProblem,
  LiveProcess,
  LiveRecord,
  LiveTransactionEvent,
} from '@prisma-brisk/slow-query'
import { Dictionaries } from './dictionaries.ts'
import { LoneTimes } from './lone-times.ts'
import { isMessage } from './message-check.ts'
import { Plans } from './plans.ts'

/** All that is known of one request. */
export interface RequestHistory {
  readonly id: string
  readonly process: LiveProcess
  /** ISO 8601. */
  readonly time: string
  name: string
  traceId: string | undefined
  status: number | null
  /** The caller hung up before the response was whole. */
  isAborted: boolean
  /** Null while it runs, and for ever where its process ended before. */
  ms: number | null
  readonly calls: LiveCall[]
  readonly cache: LiveCacheEvent[]
  readonly transactions: LiveTransactionEvent[]
  readonly batches: LiveBatchEvent[]
  readonly problems: LiveProblem[]
  /** Of its lines. */
  bytes: number
  /** Of calls beyond what one request may hold. */
  callsDropped: number
}

/** What {@link History} tells whoever looks on. */
export type HistoryListener = (event: 'request' | 'dropped' | 'record' | 'cleared', id: string | null) => void

/** One request may take so much of the whole; of a longer one the first calls are kept. */
const SHARE = 8
/** Processes and records that are remembered; each is small. */
const MAX_PROCESSES = 100
const MAX_RECORDS = 500
const MAX_CACHE_EVENTS = 2000

/** The requests of all processes, as long as they fit; the oldest are dropped. Nothing is ever written to a file. */
export class History {
  /** Requests dropped so far because memory was full. */
  dropped = 0
  /** Lines that were no messages. */
  refused = 0
  readonly processes = new Map<string, LiveProcess>()
  readonly plans: Plans
  readonly records: LiveRecord['record'][] = []
  /** Invalidations and reads of the cache, of all requests and of none. */
  readonly cacheEvents: LiveCacheEvent[] = []
  /** What cannot be known of the requests, where they were read from a log; else nothing. */
  lacks: readonly string[] = []
  /** Hears what processes answer. */
  onAnswer: (answer: LiveAnswer) => void = () => undefined
  private readonly lone = new LoneTimes()
  private readonly dictionaries: Dictionaries
  private requestBytes = 0
  private readonly requests = new Map<string, RequestHistory>()
  private readonly listeners = new Set<HistoryListener>()

  /** @param maxBytes that all of it may take in memory */
  constructor(readonly maxBytes: number) {
    this.plans = new Plans(maxBytes / SHARE)
    this.dictionaries = new Dictionaries(maxBytes / SHARE)
  }

  /** That it takes in memory: an estimate that a test holds against the heap. */
  get bytes(): number {
    return this.requestBytes + this.plans.bytes + this.dictionaries.bytes
  }

  /** Oldest first. */
  all(): RequestHistory[] {
    return [...this.requests.values()]
  }

  get(id: string): RequestHistory | undefined {
    return this.requests.get(id)
  }

  /** Milliseconds that a call of this place takes which is sent by itself, their median; null where none was seen. */
  loneMs(call: LiveCall): number | null {
    return this.lone.median(call)
  }

  /** Looks on; the returned function ends it. */
  listen(listener: HistoryListener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  clear(): void {
    this.requests.clear()
    this.cacheEvents.length = this.records.length = 0
    this.plans.clear()
    this.lone.clear()
    this.requestBytes = 0
    this.tell('cleared', null)
  }

  /**
   * Takes lines of JSON as a process sends them; lines that are no messages are counted, and lost.
   *
   * @throws LiveForgottenError where they refer to what this hub was never told
   */
  take(lines: string): void {
    let process: LiveProcess | null = null
    let dictionary = new LiveDictionary()
    for (const line of lines.split('\n')) {
      if (line === '') continue
      const message = messageOf(line)
      if (message?.type === 'process') {
        process = message
        dictionary = this.meet(message)
      } else if (message === null || process === null) this.refused++
      else this.add(message, dictionary, process, line.length)
    }
    this.shrink()
  }

  private meet(process: LiveProcess): LiveDictionary {
    if (!this.processes.has(process.process) && this.processes.size >= MAX_PROCESSES) {
      const [oldest] = this.processes.keys()
      if (oldest !== undefined) {
        this.processes.delete(oldest)
        this.dictionaries.forget(oldest)
      }
    }
    const dictionary = this.dictionaries.open(process)
    this.processes.set(process.process, process)
    return dictionary
  }

  private add(line: Told, dictionary: LiveDictionary, process: LiveProcess, length: number): void {
    const message = dictionary.whole(line, length)
    if (message === null || (line.type === 'brief' && !isMessage(message))) {
      if (line.type === 'brief') this.refused++
      return
    }
    switch (message.type) {
      case 'process':
        return
      case 'answer':
        return this.onAnswer(message)
      case 'record':
        keep(this.records, message.record, MAX_RECORDS)
        this.tell('record', null)
        return
      case 'plan':
        this.plans.set(message)
        return
      case 'cache':
        keep(this.cacheEvents, message, MAX_CACHE_EVENTS)
        break
      default:
    }
    const id = message.type === 'request' ? message.id : message.request
    if (id === null) return
    const request = this.requestOf(id, message, process)
    if (request === undefined) return
    const bytes = bytesOf(line, length)
    if (this.put(request, message, bytes)) {
      request.bytes += bytes
      this.requestBytes += bytes
    }
    this.tell('request', id)
  }

  /**
   * A request whose beginning was lost, or told to a hub that is gone, begins with the first call that is heard of. What is said of one
   * that was dropped says nothing any more.
   */
  private requestOf(id: string, message: LiveMessage, process: LiveProcess): RequestHistory | undefined {
    let request = this.requests.get(id)
    if (request !== undefined || (message.type !== 'request' && message.type !== 'call')) return request
    request = {
      id,
      process,
      time: message.type === 'request' ? message.time : new Date().toISOString(),
      name: message.type === 'request' ? message.name : '(beginning not seen)',
      traceId: undefined,
      status: null,
      isAborted: false,
      ms: null,
      calls: [],
      cache: [],
      transactions: [],
      batches: [],
      problems: [],
      bytes: BASE_BYTES,
      callsDropped: 0,
    }
    this.requestBytes += BASE_BYTES
    this.requests.set(id, request)
    return request
  }

  /** Whether there was room for it. */
  private put(
    request: RequestHistory,
    message: Exclude<LiveMessage, LiveProcess | LiveRecord | LivePlan | LiveAnswer>,
    bytes: number,
  ): boolean {
    const isFull = request.bytes + bytes > this.maxBytes / SHARE
    switch (message.type) {
      case 'request':
        request.name = message.name
        request.traceId = message.traceId
        return true
      case 'request-end':
        request.name = message.name
        request.status = message.status
        request.isAborted = message.isAborted === true
        request.ms = message.ms
        return true
      case 'problem':
        if (!isFull) request.problems.push(message)
        return !isFull
      case 'call': {
        if (isFull) {
          request.callsDropped++
          return false
        }
        for (const { fingerprint, plan, sql } of message.statements)
          if (plan !== undefined && !this.plans.has(fingerprint))
            this.plans.set({ type: 'plan', fingerprint, sql, plan })
        request.calls.push(message)
        this.lone.add(message)
        return true
      }
      case 'cache':
        if (!isFull) request.cache.push(message)
        return !isFull
      case 'transaction':
        if (!isFull) request.transactions.push(message)
        return !isFull
      case 'batch':
        if (!isFull) request.batches.push(message)
        return !isFull
    }
  }

  private shrink(): void {
    for (const [id, { bytes }] of this.requests) {
      if (this.bytes <= this.maxBytes) return
      this.requests.delete(id)
      this.requestBytes -= bytes
      this.dropped++
      this.tell('dropped', id)
    }
  }

  private tell(...event: Parameters<HistoryListener>): void {
    for (const listener of this.listeners) listener(...event)
  }
}

/** A request without its calls. */
const BASE_BYTES = 500
type Told = Exclude<LiveMessage | LiveBrief, LiveProcess>

/** Bytes of the heap that a message takes, by the characters of its line. What calls share is counted once, with its dictionary. */
function bytesOf(line: Told, length: number): number {
  return line.type === 'brief' ? Math.ceil(260 + 100 * line.q.length + 1.6 * length) : 2 * length
}

function keep<T>(list: T[], each: T, most: number): void {
  list.push(each)
  // Now and then many at once: one at a time would move the whole list each time.
  if (list.length > 1.2 * most) list.splice(0, list.length - most)
}

function messageOf(line: string): LiveMessage | LiveBrief | null {
  try {
    const value: unknown = JSON.parse(line)
    return isMessage(value) ? value : null
  } catch {
    return null
  }
}
