import {
  currentScope,
  operationTraits,
  readModels,
  realTimers,
  stackHere,
  writtenModels,
  type Call,
  type Model,
  type ModelSet,
  type RequestWatcher,
  type WatchedScope,
} from '@prisma-brisk/core'
import type { BatchedCall } from '../batch-key/batched-call.ts'
import type { ResolvedLoopOptions } from '../options.ts'
import { publishLoop } from '../report/loop-event.ts'
import type { Statistics } from '../statistics.ts'
import { AheadCall } from './ahead-call.ts'
import { LoopHabit } from './loop-habits.ts'
import type { Loop } from './loop.ts'
import { LoopTrack, type TrackOwner } from './loop-track.ts'
import { NOTHING, Prefetch } from './prefetch.ts'
import { RowList, type Row } from './row-list.ts'
import type { WriteClock } from './write-clock.ts'

/** Lists of one request that are remembered, and their rows. */
const LISTS = 8
const ROWS = 20_000
/** Shapes of one operation and client that are told apart at a time, and such operations. */
const TRACKS = 4
const KINDS = 100
/** Rows that one prefetch may bring, as far as the answers so far tell. */
const ROWS_AHEAD = 10_000

/** What a mount gives to the loops of its requests. */
export interface LoopMount {
  readonly options: ResolvedLoopOptions
  readonly statistics: Statistics
  /** Null where loops are only reported. */
  readonly clock: WriteClock | null
}

/** The loops of one request, as one mount sees them. */
export class RequestLoops implements RequestWatcher, TrackOwner {
  /** The latest first. */
  private readonly lists: RowList[] = []
  private rows = 0
  private version = 0
  private readonly tracks = new Map<unknown, LoopTrack[]>()
  /** Models that the request has written. */
  private written: Set<string> | '*' = new Set()

  constructor(private readonly mount: LoopMount) {}

  /** The loop that a read may belong to, whose place in it is found. */
  track(call: Call, model: Model, caller: unknown): LoopTrack {
    const kind = call.hooks ?? `${call.model}.${call.operation}`
    let tracks = this.tracks.get(kind)
    if (tracks === undefined) {
      if (this.tracks.size >= KINDS) this.forget(this.request)
      this.tracks.set(kind, (tracks = []))
    }
    let free: LoopTrack | null = null
    let best: LoopTrack | null = null
    let nearest = -1
    for (const track of tracks) {
      if (track.underWay > 0 || !track.fits(call, caller)) continue
      const distance = track.leadsTo(call)
      if (distance < 0) free ??= track
      else if (best === null || distance < nearest) [best, nearest] = [track, distance]
    }
    if (best !== null) best.advance(call)
    else if (free !== null && (free.list === null || free.isAtEnd || tracks.length >= TRACKS)) {
      best = free
      if (free.list === null) free.search(call, this.lists, this.version, realTimers.now())
      else {
        this.close(free)
        free.restart(call, realTimers.now())
      }
    } else {
      best = new LoopTrack(call, model, caller, realTimers.now(), this)
      if (tracks.length >= TRACKS) {
        // Rather one that is no loop, or has not become one.
        const given = Math.max(
          0,
          tracks.findIndex(({ list }) => list === null),
        )
        for (const oldest of tracks.splice(given, 1)) this.close(oldest)
      }
      tracks.push(best)
    }
    return best
  }

  /** The answer that is kept for a call, else {@link NOTHING}. */
  kept(track: LoopTrack, call: Call): unknown {
    const { loop } = track
    if (loop === null || loop.prefetch === null || call.notes.isStored === true) return NOTHING
    const answer = this.wrote(call) ? NOTHING : track.take(call)
    if (answer === NOTHING) return NOTHING
    const { statistics } = this.mount
    loop.kept++
    statistics.batched++
    statistics.loops.used++
    this.note(call, answer)
    return answer
  }

  /** A call of a track is sent. The calls that are sent ahead with it; null where there are none. */
  sent(track: LoopTrack, member: BatchedCall): readonly AheadCall[] | null {
    const { loop } = track
    member.watch = track
    track.underWay++
    if (loop === null) return null
    loop.sent++
    return this.ahead(track, loop, member)
  }

  answered({ loop }: LoopTrack, call: Call, outcome: unknown, hasFailed: boolean): void {
    if (loop !== null) {
      loop.prefetch?.answered(realTimers.now() - loop.startedAt)
      if (!hasFailed && Array.isArray(outcome) && outcome.length > loop.mostRows)
        loop.mostRows = outcome.length
    }
    if (!hasFailed) this.note(call, outcome)
  }

  /** What the caller of a call waits for: where it makes a loop, the place is found by who awaits it. */
  awaited(track: LoopTrack, call: Call, answer: Promise<unknown>): Promise<unknown> {
    const { loop } = track
    if (loop === null || loop.habit !== null || loop.matches < this.mount.options.after) return answer
    const found = (): void => {
      if (loop.habit !== null) return
      // Once a loop, and 20 µs: as it settles, where who awaits the call is found in production too.
      loop.site = call.callSite(stackHere())
      loop.habit = LoopHabit.of(call.host, track.shape)
      call.notes.loop ??= 'seen'
    }
    return answer.then(
      (result) => {
        found()
        return result
      },
      (error: unknown) => {
        found()
        throw error
      },
    )
  }

  /** Remembers the rows of an answer. */
  note(call: Call, answer: unknown): void {
    if (typeof answer !== 'object' || answer === null) return
    if (Array.isArray(answer)) {
      if (answer.length > 1 && typeof answer[0] === 'object' && answer[0] !== null)
        this.add(answer as readonly Row[], call)
    } else if ((call.args['include'] ?? call.args['select']) !== undefined && holdsLists(answer))
      this.add([answer as Row], call)
  }

  /** A write of this request. */
  writes({ host, model, operation, args }: Call): void {
    const traits = operationTraits(operation)
    if (this.written === '*' || (traits.isRead && !traits.isRaw)) return
    if (operation.startsWith('$queryRaw')) return
    const schema = host.schema()
    const models: ModelSet = schema === null ? '*' : writtenModels(schema, model, operation, args)
    if (models === '*') this.written = '*'
    else for (const each of models) this.written.add(each)
  }

  ended(scope: WatchedScope): void {
    this.forget(scope.info.name)
    this.lists.length = 0
  }

  private forget(request: string | null): void {
    for (const tracks of this.tracks.values()) for (const track of tracks) this.close(track, request)
    this.tracks.clear()
  }

  private add(rows: readonly Row[], { model }: Call): void {
    if (rows.length > ROWS) return
    this.lists.unshift(new RowList(rows, model))
    this.rows += rows.length
    this.version++
    while (this.lists.length > LISTS || this.rows > ROWS) this.rows -= this.lists.pop()?.rows.length ?? 0
  }

  private ahead(track: LoopTrack, loop: Loop, { call, presence }: BatchedCall): readonly AheadCall[] | null {
    const { options, clock, statistics } = this.mount
    if (clock === null || loop.habit === null || loop.matches <= options.after) return null
    if (call.notes.isStored === true) return null
    if (loop.prefetch?.isValid === true || !clock.isRunning || !mayRepeat(call)) return null
    // A statement that fails ends a transaction: one statement, or none.
    if (call.transaction.kind !== 'none' && track.varying.length > 1) return null
    const tables = this.tablesOf(call, clock)
    if (tables === null) return null
    loop.release()
    const next = track.next(
      Math.min(options.maxPrefetch, loop.habit.next(loop.lastUsed), Math.floor(ROWS_AHEAD / loop.mostRows)),
    )
    if (next.length === 0) return null
    const prefetch = new Prefetch(call, next.length, loop.habit, clock, tables, options.maxAge)
    loop.prefetch = prefetch
    loop.ahead += next.length
    statistics.loops.ahead += next.length
    call.notes.loop = 'ahead'
    return next.map(
      ({ args, value }) =>
        new AheadCall(call.withArgs(args), presence, (answer) => prefetch.keep(value, answer)),
    )
  }

  private tablesOf(call: Call, clock: WriteClock): ReadonlySet<string> | null {
    const models = this.modelsOf(call)
    return models === '*' || this.wroteAny(models) ? null : clock.tablesOf(models)
  }

  private modelsOf({ host, model, operation, args }: Call): ModelSet {
    const schema = host.schema()
    return schema === null ? '*' : readModels(schema, model, operation, args)
  }

  /** Whether the request itself has written what the call reads. */
  private wrote(call: Call): boolean {
    if (this.written !== '*' && this.written.size === 0) return false
    const models = this.modelsOf(call)
    return models === '*' || this.wroteAny(models)
  }

  private wroteAny(models: ReadonlySet<string>): boolean {
    const { written } = this
    if (written === '*') return true
    for (const model of models) if (written.has(model)) return true
    return false
  }

  /** What has become of a loop is told, and learnt from. */
  private close(track: LoopTrack, request = this.request): void {
    const { loop } = track
    if (loop === null) return
    const { options, statistics } = this.mount
    loop.release()
    if (loop.matches <= options.after) return
    if (track.isAtEnd) loop.habit?.ended()
    statistics.loops.seen++
    publishLoop(track, loop, options.mode, request)
  }

  /** The name of the request that runs now. */
  private get request(): string | null {
    return this.mount.options.scope === null ? (currentScope()?.info.name ?? null) : null
  }
}

/** Levels at which a transaction answers a read the same until it writes itself; MySQL's highest locks what it reads. */
const REPEATABLE = new Set(['REPEATABLE READ', 'SNAPSHOT', 'SERIALIZABLE'])

/** Whether an answer of now is the answer of later, in this transaction, or outside of any. */
function mayRepeat({ transaction: { kind, isolationLevel }, host: { provider } }: Call): boolean {
  if (kind === 'none') return true
  if (kind !== 'interactive') return false
  if (provider === 'sqlite') return true
  const level = isolationLevel?.replace(/[^A-Za-z]+/g, ' ').toUpperCase()
  return level !== undefined && REPEATABLE.has(level) && !(provider === 'mysql' && level === 'SERIALIZABLE')
}

function holdsLists(row: object): boolean {
  for (const name in row) {
    const value = (row as Row)[name]
    if (Array.isArray(value) && value.length > 1 && typeof value[0] === 'object' && value[0] !== null)
      return true
  }
  return false
}
