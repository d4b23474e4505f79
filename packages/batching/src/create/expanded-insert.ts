import { AsyncLocalStorage } from 'node:async_hooks'
import { type Args, type Call, type DriverListener, DriverTap, type Model } from '@prisma-brisk/core'
import { completed, isExpandable } from './client-defaults.ts'
import { insertOfRows, intoText } from './insert-text.ts'
import { Sql } from '../statement/sql.ts'

/** One for each driver. */
const expanded = new WeakMap<DriverTap, ExpandedInserts>()

/** Rows of one INSERT; Prisma generates the statement for the first of them. */
interface Insert {
  readonly model: Model
  /** As Prisma writes it. */
  readonly table: string
  readonly data: readonly Args[]
  isUnknown: boolean
  isExpanded: boolean
}

/** The outcome of an INSERT. */
export interface Inserted {
  readonly rows: unknown
  /** How many of the given rows were in it. */
  readonly sent: number
}

/** Which INSERT the driver is given. In use only while one is in flight: it makes all promises of the process slower. */
const inserting = new AsyncLocalStorage<Insert>()
let inFlight = 0

/**
 * INSERTs that Prisma generates for one row, expanded to many rows on their way to the driver.
 *
 * Prisma compiles an INSERT of many rows anew each time, row by row, and caches no plan: with fifty creates at once that is
 * most of the time. So Prisma generates the INSERT of the first row, and the driver is given the same for all of them:
 * columns, casts, defaults and RETURNING are Prisma's, and Prisma reads the rows. Only values that reach the driver as they
 * are given are written in this way. A statement in any other form than the known one is not sent.
 */
export class ExpandedInserts {
  /** Models whose statements Prisma writes in a form that is not known here. */
  private readonly unknown = new WeakSet<Model>()
  private inFlight = 0
  private stopListening: (() => void) | null = null

  private constructor(private readonly tap: DriverTap) {}

  /** Null where rows of such data cannot be stored in this way. */
  static for({ host }: Call, model: Model, data: readonly Args[]): ExpandedInserts | null {
    const { provider } = host
    const tap = DriverTap.of(host)
    if (provider !== 'postgresql' || tap?.status !== 'connected' || data.length < FEWEST) return null
    // Prisma splits what binds more values than one statement may.
    if (columnsOf(model) * data.length > host.maxBindValues) return null
    let known = expanded.get(tap)
    if (known === undefined) expanded.set(tap, (known = new ExpandedInserts(tap)))
    return !known.unknown.has(model) && isExpandable(model, data) ? known : null
  }

  /** Sends `createManyAndReturn` for the first row; null where it was not sent, because it could not be read. */
  async send(call: Call, model: Model, args: Args, data: readonly Args[]): Promise<Inserted | null> {
    const insert: Insert = {
      model,
      table: new Sql(call.host).table(model),
      data: data.map((row) => completed(row, model)),
      isUnknown: false,
      isExpanded: false,
    }
    this.begin()
    try {
      const [first] = insert.data
      const rows = await inserting.run(insert, () =>
        call.send('createManyAndReturn', { ...args, data: [first] }),
      )
      if (insert.isExpanded) return { rows, sent: data.length }
      // The statement reached the driver without being rewritten: with the first row only.
      this.unknown.add(model)
      return { rows, sent: 1 }
    } catch (error) {
      if (!insert.isUnknown) throw error
      this.unknown.add(model)
      return null
    } finally {
      this.end()
    }
  }

  private begin(): void {
    inFlight++
    this.inFlight++
    this.stopListening ??= this.tap.listen(this.listener)
  }

  private end(): void {
    if (--inFlight === 0) inserting.disable()
    if (--this.inFlight > 0) return
    this.stopListening?.()
    this.stopListening = null
  }

  private readonly listener: DriverListener = {
    asksForCall: false,
    rewrite: (statement) => {
      const insert = inserting.getStore()
      if (insert === undefined || insert.isExpanded) return null
      if (!statement.sql.startsWith(intoText(insert.table))) return null
      const query = insertOfRows(statement, insert.table, insert.model, insert.data)
      insert.isUnknown = query === null
      if (query === null) throw new Error('Prisma wrote the statement in a form that is not known.')
      insert.isExpanded = true
      return { query: query as never }
    },
  }
}

/** As many as Prisma may fill in. */
function columnsOf({ fields }: Model): number {
  let columns = 0
  for (const { kind } of fields.values()) if (kind !== 'relation') columns++
  return columns
}

/** Fewer rows are compiled in less time than this saves. */
const FEWEST = 4
