import { DriverTap, type Host, type SqlAdapter, type Statement } from '@prisma-brisk/core'
import type { ResolvedExplainOptions } from '../options.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { explainReading, explainStatement, type ReadingPlan } from './plan.ts'
import type { SlowQueryRecord } from '../record/records.ts'
import type { ReportQueue } from '../sink/report-queue.ts'

export type { ReadingPlan } from './plan.ts'

const samplerKey = Symbol('prisma-brisk.plans')
const liveKey = Symbol('prisma-brisk.live-plans')
const HOUR_MS = 3_600_000
/** Fingerprints whose samples are counted. */
const MAX_FINGERPRINTS = 1000
/** Records that wait for their plan; more go without. */
const MAX_WAITING = 20

/**
 * Asks the database for the plan of some slow statements, on a connection of its own that nobody else uses: neither
 * the pool nor the statistics notice it. Where the application has made the pool itself, no other one can be made; then it
 * takes a connection of that pool, if nobody waits for one. A SQLite database in memory is seen by the client's alone.
 */
export class PlanSampler {
  private readonly samples = new Map<string, { since: number; count: number }>()
  /** Its own; null within where there is none. */
  private connection: Promise<SqlAdapter | null> | null = null
  private turn: Promise<unknown> = Promise.resolve()
  private waiting = 0
  /** When the client last disconnected: nobody would close a connection for what began before. */
  private closedAt = -Infinity

  /** The sampler of a client, whose reports are to be made before its connection ends. */
  static of(host: Host, options: ResolvedExplainOptions, reports: ReportQueue): PlanSampler {
    return host.state(samplerKey, () => new PlanSampler(host, options, reports))
  }

  /** The sampler that plans reads whenever `brisk live` asks, whatever else is sampled. */
  static forLive(host: Host, reports: ReportQueue): PlanSampler {
    const always = {
      sampleRate: 1,
      maxPerFingerprintPerHour: Infinity,
      analyze: false,
      random: Math.random,
      now: Date.now,
    }
    return host.state(liveKey, () => new PlanSampler(host, always, reports))
  }

  private constructor(
    private readonly host: Host,
    private readonly options: ResolvedExplainOptions,
    reports: ReportQueue,
  ) {
    host.onDisconnect(async () => {
      await reports.flush()
      this.closedAt = performance.now()
      const { connection, turn } = this
      this.connection = null
      // A plan that has begun meanwhile would wait for a connection that nobody opens any more.
      await turn
      await (await connection?.catch(() => undefined))?.dispose()
    }, 'last')
  }

  /** The record with the plan of its slowest statement, where this one is sampled. */
  sample(trace: OperationTrace, record: SlowQueryRecord): SlowQueryRecord | Promise<SlowQueryRecord> {
    const slowest = trace.statements?.reduce((a, b) => (b.ms > a.ms ? b : a))
    if (slowest === undefined) return record
    const planned = this.plan(slowest, record.fingerprint, trace.startedAt)
    if (planned === null) return record
    return planned.then((plan) => (plan === null ? record : { ...record, plan }))
  }

  /**
   * The plan of a statement, where one of its shape is due, else null; resolves to null where none could be had.
   *
   * @param calledAt when its operation began, as `performance.now()` tells it
   */
  plan(statement: Statement, fingerprint: string, calledAt: number): Promise<unknown> | null {
    if (statement.kind === 'script' || !this.isDue(fingerprint)) return null
    this.waiting++
    const planned = this.turn
      .then(() => (calledAt <= this.closedAt ? null : this.explain(statement)))
      .catch(() => null)
      .finally(() => this.waiting--)
    this.turn = planned
    return planned
  }

  /** The plan of a statement that somebody asks for, however often; on a connection that is closed after it. */
  async planNow(statement: Pick<Statement, 'sql' | 'args' | 'argTypes'>): Promise<ReadingPlan> {
    const tap = DriverTap.of(this.host)
    if (tap === null) return { reason: 'the client has no driver adapter' }
    const own = await this.connect(tap)
    const adapter = own ?? tap.adapter
    if (adapter === null) return { reason: 'the client is not connected' }
    if (own === null && (tap.pool?.gauge().waiting ?? 0) > 0)
      return { reason: 'calls wait for a connection of the pool, and there is no other one' }
    try {
      return await explainReading(adapter, statement, this.host)
    } finally {
      await own?.dispose()
    }
  }

  private isDue(fingerprint: string): boolean {
    const { sampleRate, maxPerFingerprintPerHour, random, now } = this.options
    const pool = DriverTap.of(this.host)?.pool?.gauge()
    if (this.waiting >= MAX_WAITING || (pool !== undefined && pool.waiting > 0)) return false
    if (random() >= sampleRate) return false
    const time = now()
    let known = this.samples.get(fingerprint)
    if (known === undefined || time - known.since >= HOUR_MS) {
      if (known === undefined && this.samples.size >= MAX_FINGERPRINTS) this.samples.clear()
      this.samples.set(fingerprint, (known = { since: time, count: 0 }))
    }
    return ++known.count <= maxPerFingerprintPerHour
  }

  private async explain(statement: Statement): Promise<unknown> {
    const tap = DriverTap.of(this.host)
    if (tap === null) return null
    this.connection ??= this.connect(tap)
    const adapter = (await this.connection) ?? tap.adapter
    return adapter === null ? null : explainStatement(adapter, statement, this.host, this.options.analyze)
  }

  private async connect(tap: DriverTap): Promise<SqlAdapter | null> {
    const own = await tap.connectOwn()
    if (own === null || this.host.provider !== 'sqlite') return own
    const { rows } = await own.queryRaw({ sql: 'PRAGMA database_list', args: [], argTypes: [] })
    if (rows.some(([, name, file]) => name === 'main' && file !== '' && file !== null)) return own
    await own.dispose()
    return null
  }
}
