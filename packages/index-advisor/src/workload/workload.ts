import type { Provider } from '../catalog/catalog.ts'
import { type ReadStatement, readStatement, type Skipped, type SkipReason } from './statement.ts'

/** What an application asks of its database, one entry for each shape of statement. */
export interface Workload {
  readonly source: WorkloadSource
  /** Dearest first; equal ones by fingerprint. */
  readonly queries: readonly WorkloadQuery[]
  /** ms of a call from which on the log holds it; null where it holds every call, or does not say. */
  readonly thresholdMs: number | null
  /** Statements left out, by reason. */
  readonly skipped: Readonly<Partial<Record<SkipReason | 'torn', number>>>
  /** Statements that were unreadable, by where they were not understood; the most frequent first. Default: none. */
  readonly unread?: Readonly<Record<string, number>>
}

export type WorkloadSource =
  'slow-query-log' | 'pg_stat_statements' | 'performance_schema' | 'sql-file' | 'statements'

export interface WorkloadQuery {
  readonly fingerprint: string
  /** In PostgreSQL's spelling, `$n` for every value, without comments. */
  readonly sql: string
  readonly parameters: number
  readonly kind: 'select' | 'insert' | 'update' | 'delete' | 'merge'
  readonly calls: number
  /** ms of all calls; 0 where no times are known. */
  readonly totalMs: number
  /** Mean rows of a call; null where unknown. */
  readonly rows: number | null
  /** `Post.findMany`, or the foreign key a referential-integrity statement belongs to. */
  readonly operation: string | null
  /** `src/post.ts:12:20`, where most of its calls come from; null where unknown. */
  readonly at: string | null
  /** It was sent by the server itself to keep a foreign key. */
  readonly isReferential: boolean
}

/** A statement as whoever saw it tells of it; values in its text are passed over. */
export interface ObservedStatement {
  readonly sql: string
  readonly calls: number
  /** ms of all calls. */
  readonly totalMs: number
  /** Mean rows of a call; null where unknown. */
  readonly rows: number | null
  /** `Post.findMany` */
  readonly operation?: string | null
  /** `src/post.ts:12:20` */
  readonly at?: string | null
}

/** Adds statements up by fingerprint. Of the texts of one fingerprint the most called is kept. */
export class WorkloadBuilder {
  readonly #provider: Provider
  readonly #entries = new Map<string, Entry>()
  /** Logs repeat themselves; reading one statement takes most of a millisecond. */
  readonly #read = new Map<string, ReadStatement | Skipped>()
  #thresholdMs: number | null = null
  readonly #skipped: Partial<Record<SkipReason | 'torn', number>> = {}
  readonly #unread = new Map<string, number>()

  constructor(provider: Provider) {
    this.#provider = provider
  }

  async add(observed: ObservedStatement): Promise<void> {
    const known = this.#read.get(observed.sql)
    const read = known ?? (await readStatement(observed.sql, this.#provider))
    if (known === undefined && this.#read.size < 50_000) this.#read.set(observed.sql, read)
    if ('skip' in read) {
      if (read.form !== undefined) this.#unread.set(read.form, (this.#unread.get(read.form) ?? 0) + 1)
      return this.skip(read.skip)
    }
    const entry = this.#entries.get(read.fingerprint) ?? {
      texts: new Map<string, { calls: number; parameters: number }>(),
      kind: read.kind,
      isReferential: read.isReferential,
      calls: 0,
      totalMs: 0,
      rows: null,
      operations: new Map<string, number>(),
      places: new Map<string, number>(),
    }
    this.#entries.set(read.fingerprint, entry)
    const text = entry.texts.get(read.sql) ?? { calls: 0, parameters: read.parameters }
    text.calls += observed.calls
    entry.texts.set(read.sql, text)
    entry.calls += observed.calls
    entry.totalMs += observed.totalMs
    if (observed.rows !== null) entry.rows = (entry.rows ?? 0) + observed.rows * observed.calls
    const count = (of: Map<string, number>, name: string | null | undefined) => {
      if (name) of.set(name, (of.get(name) ?? 0) + observed.calls)
    }
    count(entry.operations, observed.operation)
    count(entry.places, observed.at)
  }

  /** The log holds only calls that took so many ms; the highest of several counts. */
  loggedFrom(ms: number): void {
    this.#thresholdMs = Math.max(this.#thresholdMs ?? 0, ms)
  }

  skip(reason: SkipReason | 'torn', times = 1): void {
    this.#skipped[reason] = (this.#skipped[reason] ?? 0) + times
  }

  build(source: WorkloadSource): Workload {
    const queries = [...this.#entries].map(([fingerprint, entry]): WorkloadQuery => {
      const [sql, { parameters }] = mostCalled(entry.texts, (text) => text.calls) ?? ['', { parameters: 0 }]
      return {
        fingerprint,
        sql,
        parameters,
        kind: entry.kind,
        calls: entry.calls,
        totalMs: entry.totalMs,
        rows: entry.rows === null ? null : entry.rows / Math.max(1, entry.calls),
        operation: mostCalled(entry.operations, (calls) => calls)?.[0] ?? null,
        at: mostCalled(entry.places, (calls) => calls)?.[0] ?? null,
        isReferential: entry.isReferential,
      }
    })
    queries.sort(
      (a, b) => b.totalMs - a.totalMs || b.calls - a.calls || (a.fingerprint < b.fingerprint ? -1 : 1),
    )
    const unread = [...this.#unread].sort(([a, more], [b, less]) => less - more || (a < b ? -1 : 1))
    return {
      source,
      queries,
      thresholdMs: this.#thresholdMs,
      skipped: this.#skipped,
      unread: Object.fromEntries(unread),
    }
  }
}

interface Entry {
  readonly texts: Map<string, { calls: number; parameters: number }>
  readonly kind: WorkloadQuery['kind']
  readonly isReferential: boolean
  calls: number
  totalMs: number
  rows: number | null
  readonly operations: Map<string, number>
  readonly places: Map<string, number>
}

/** The first in the alphabet among equals, so that the order of a log does not matter. */
function mostCalled<Value>(
  map: ReadonlyMap<string, Value>,
  calls: (value: Value) => number,
): [string, Value] | null {
  let best: [string, Value] | null = null
  for (const entry of map) {
    const lead = best === null ? 1 : calls(entry[1]) - calls(best[1])
    if (best === null || lead > 0 || (lead === 0 && entry[0] < best[0])) best = entry
  }
  return best
}
