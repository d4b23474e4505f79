import { operationTraits } from '@prisma-brisk/core'
import { isLoop, LoopDetector } from './loop-detector.ts'
import type { LoopListener } from './n-plus-one-watcher.ts'
import { reportOf } from './loop-report.ts'
import type { ResolvedNPlusOneOptions } from '../options.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import type { Series } from '../metrics/series.ts'

/** A loop outside of requests is reported again after so long. */
const SILENCE_MS = 60_000
/** Calls follow each other without a pause when the next begins so soon after the last has ended. */
const PAUSE_MS = 2
/** Calls start together when each does so within this time of the one before, or in the same turn of the event loop. */
const BURST_MS = 0.5
/** After looks that found nothing, the next is taken after up to so many times as many calls. */
const MAX_PATIENCE = 16

/**
 * Looks for loops where no request is known. Traffic of many requests looks alike, so only what no traffic does
 * counts: many reads of one kind without any pause between them, or many that start in one moment. Seeds and
 * migrations are left alone.
 */
export class OutsideRequests {
  private readonly runs = new Map<Series, Run>()
  private readonly silentUntil = new Map<string, number>()

  constructor(
    private readonly options: ResolvedNPlusOneOptions,
    private readonly listener: LoopListener,
  ) {}

  started(trace: OperationTrace): void {
    if (trace.call.transaction.kind === 'array') return
    let run = this.runs.get(trace.series)
    if (run === undefined) this.runs.set(trace.series, (run = new Run()))
    run.started(trace.startedAt)
    if (run.length < 10 * this.options.threshold * run.patience) return
    if (!operationTraits(trace.call.operation).isRead) return
    // Several users at once read a few rows over and over; a loop reads many.
    run.detector ??= new LoopDetector(this.options.threshold, this.options.threshold)
    if (run.examined++ < 3 * this.options.threshold) run.detector.started(trace)
    // The same read over and over is no loop; look again later.
    else if (run.detector.idle) run.giveUp()
  }

  settled(trace: OperationTrace): void {
    const run = this.runs.get(trace.series)
    if (run === undefined || trace.call.transaction.kind === 'array') return
    run.ended(trace.endedAt)
    const loop = run.detector?.settled(trace)
    if (loop == null || loop.sending < this.options.threshold) return
    this.report(run, trace.endedAt)
  }

  private report(run: Run, now: number): void {
    const { listener, options } = this
    for (const loop of run.detector?.loops() ?? []) {
      const place = loop.callSite ?? `${loop.first.call.model}.${loop.first.call.operation}`
      if (!isLoop(loop, options.threshold) || (this.silentUntil.get(place) ?? 0) > now) continue
      if (this.silentUntil.size >= 1000) this.silentUntil.clear()
      this.silentUntil.set(place, now + SILENCE_MS)
      listener.report(() => reportOf(loop, [], listener.host, null))
    }
    run.reset()
  }
}

/** Whether this process runs a seed or a migration, by the name of its script. */
export function isSeedProcess(argv: readonly string[] = process.argv): boolean {
  const script = /[^/\\]*$/.exec(argv[1] ?? '')?.[0] ?? ''
  return /seed|migrat/i.test(script) || (script === 'prisma' && argv.includes('db'))
}

/** Calls of one kind that follow each other without a pause, or start together. */
class Run {
  detector: LoopDetector | null = null
  /** Calls the detector has seen. */
  examined = 0
  /** How many times as many calls as usual must follow each other before they are looked at. */
  patience = 1
  private inFlight = 0
  private lastEnd = -Infinity
  private consecutive = 0
  private burstAt = -Infinity
  private burstTurn = -1
  private burst = 0

  get length(): number {
    return Math.max(this.consecutive, this.burst)
  }

  started(now: number): void {
    const alone = this.inFlight === 0
    this.consecutive = alone && now - this.lastEnd < PAUSE_MS ? this.consecutive + 1 : 0
    const turn = alone ? -1 : currentTurn()
    const together = now - this.burstAt < BURST_MS || turn === this.burstTurn
    this.burst = !alone && together ? this.burst + 1 : 1
    this.burstAt = now
    this.burstTurn = turn
    this.inFlight++
    if (this.length > 1) return
    this.patience = 1
    if (this.detector?.idle === true) this.reset()
  }

  ended(now: number): void {
    if (this.inFlight > 0) this.inFlight--
    this.lastEnd = now
  }

  /** Nothing was found. */
  giveUp(): void {
    this.patience = Math.min(MAX_PATIENCE, 2 * this.patience)
    this.reset()
  }

  reset(): void {
    this.detector = null
    this.examined = this.consecutive = this.burst = 0
  }
}

/** Taken before a test can fake it. */
const { nextTick } = process
let turn = 0
let ticking = false

/** A number that is the same for all that runs in one turn of the event loop. */
function currentTurn(): number {
  if (ticking) return turn
  ticking = true
  nextTick(endTurn)
  return turn
}

function endTurn(): void {
  ticking = false
  turn++
}
