import { createHash } from 'node:crypto'
import { callable, checkOptions, processName, text } from '@prisma-brisk/core'
import type { CacheLookup, CacheStore, FillLocks, WriteMarks } from '../../cache-store.ts'
import { encodePayload, taggedJson, type ValueCodec } from '../../codec/payload.ts'
import type { DecimalClass } from '../../codec/value-copy.ts'
import { lifetimeOf, type CacheEntry } from '../../entry/entry.ts'
import { newMarker, newStamp, type KeySetTag } from '../../entry/stamp.ts'
import { UnserialisableValueError } from '../../errors.ts'
import { codecCheck } from '../remote/codec-check.ts'
import { LookupBatch, type Lookup } from '../remote/lookup-batch.ts'
import { PayloadMemo } from '../remote/payload-memo.ts'
import { keptFor, STAMP_LIFETIME, StampLifetimes } from '../remote/stamp-lifetimes.ts'
import { PostgresConnection, type PostgresPool } from './postgres-connection.ts'
import { CLEANED_AT_ONCE, schemaSql, statementsOf, tableSql } from './postgres-table.ts'

export interface PostgresStoreOptions {
  /**
   * Schema of the table. Default `brisk`: Prisma Migrate takes a table in a schema of its own models for one that is to be
   * dropped.
   */
  readonly schema?: string | undefined
  /** Name of the table. Default `cache`. */
  readonly table?: string | undefined
  /** How results become text; as that of `redisStore`. */
  readonly codec?: ValueCodec | undefined
  /** The wall clock, in ms. For tests. */
  readonly now?: (() => number) | undefined
}

/** A store in a table of PostgreSQL. */
export interface PostgresCacheStore extends CacheStore {
  /** What {@link PostgresCacheStore.setup} executes, for a migration of your own. */
  readonly setupSql: string
  /**
   * Creates schema and table where they are missing; costs nothing where they are there. Needs the right to create them:
   * where the application has it not, let a migration execute {@link PostgresCacheStore.setupSql}.
   */
  setup(): Promise<void>
  /** Ends the pool that the store has made for a connection string; one that was given stays yours. */
  close(): Promise<void>
}

/**
 * Keeps results and stamps in an unlogged table of PostgreSQL 12 or later, shared by all processes, for teams without Redis.
 * A hit is one statement by primary key, and all look-ups of one turn of the event loop are one statement; it pays for
 * queries that take longer than that. Pooling by transaction (PgBouncer) is fine. Expired rows are cleaned away once a minute
 * by the processes that write.
 *
 * Give it a pool of its own, not that of the driver adapter: where a transaction holds every connection, look-ups
 * would wait until `readTimeout`.
 *
 * @param pool a `Pool` of `pg`, which stays yours, or a `postgresql://` URL, for which `pg` must be installed
 * @example
 * const store = postgresStore(process.env.DATABASE_URL)
 * await store.setup()
 * prisma.$extends(cache({ store }))
 *
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`)
 */
export function postgresStore(
  pool: PostgresPool | string,
  options: PostgresStoreOptions = {},
): PostgresCacheStore {
  checkOptions('postgresStore', options, { schema: text, table: text, codec: codecCheck, now: callable })
  return new PostgresStore(pool, options)
}

const CLEANING = 60_000

class PostgresStore implements PostgresCacheStore {
  readonly name = 'postgres'
  readonly setupSql: string
  readonly marks: WriteMarks
  readonly locks: FillLocks
  decimal: DecimalClass | null = null
  private readonly batch = new LookupBatch((lookups) => this.lookupAll(lookups))
  private readonly connection: PostgresConnection
  private readonly sql: ReturnType<typeof statementsOf>
  private readonly codec: ValueCodec
  private readonly payloads: PayloadMemo
  private readonly lifetimes: StampLifetimes
  private readonly now: () => number
  private cleaning: number

  constructor(
    pool: PostgresPool | string,
    { schema = 'brisk', table = 'cache', codec = taggedJson, now = Date.now }: PostgresStoreOptions,
  ) {
    const place = { schema, table }
    this.setupSql = schemaSql(place) + tableSql(place)
    this.connection = new PostgresConnection(
      pool,
      `There is no table "${schema}"."${table}": call setup() of the store once, or execute its setupSql in a migration.`,
    )
    this.sql = statementsOf(place)
    this.codec = codec
    this.payloads = new PayloadMemo(codec, this)
    this.lifetimes = new StampLifetimes(now)
    this.now = now
    this.cleaning = now() + CLEANING * Math.random()
    this.marks = this.makeMarks()
    this.locks = this.makeLocks()
    this.place = place
  }

  private readonly place: { readonly schema: string; readonly table: string }

  async setup(): Promise<void> {
    const { rows } = await this.connection.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [
      this.place.schema,
    ])
    const missing = rows.length === 0 ? schemaSql(this.place) : ''
    // Statements without parameters are one transaction: processes that start together wait for each other.
    const lock = `SELECT pg_advisory_xact_lock(hashtext('prisma-brisk setup'));\n`
    await this.connection.query(lock + missing + tableSql(this.place))
  }

  lookup(key: string, tags: readonly string[], keySet: KeySetTag | null = null): Promise<CacheLookup> {
    return this.batch.add(key, tags, keySet)
  }

  async observe(tags: readonly string[], keySet: KeySetTag | null = null): Promise<readonly string[]> {
    return (await this.batch.add(null, tags, keySet)).stamps
  }

  async write(key: string, entry: CacheEntry, value: unknown): Promise<void> {
    // Encoded before anything is awaited: the caller may change the value as soon as this has returned.
    const payload = encodePayload(this.codec, entry, value)
    if (payload.includes('\0')) throw new UnserialisableValueError('what its codec makes text with a NUL of')
    const lifetime = keptFor(lifetimeOf(entry))
    const extended = entry.tags.flatMap((tag, index) => {
      const stamp = entry.stamps[index] as string
      const longer = this.lifetimes.extension(stamp, lifetime)
      return longer > 0 ? [[nameOf(tag), stamp, longer]] : []
    })
    await this.connection.query(this.sql.write, [nameOf(key), payload, lifetime])
    for (const values of extended) await this.connection.query(this.sql.extend, values)
    if (this.now() >= this.cleaning) void this.clean()
  }

  async remove(key: string): Promise<void> {
    await this.connection.query(this.sql.drop, [[nameOf(key)]])
  }

  async invalidate(tags: readonly string[]): Promise<void> {
    await this.connection.query(this.sql.drop, [namesOf(tags)])
  }

  useDecimal(decimal: DecimalClass): void {
    this.decimal = decimal
  }

  close(): Promise<void> {
    return this.connection.close()
  }

  /** The usual case is that all tags have stamps: then one statement finds them and the entries. */
  private async lookupAll(lookups: readonly Lookup[]): Promise<CacheLookup[]> {
    const names = new Set<string>()
    const tags = new Set<string>()
    const signatures = new Map<string, string>()
    for (const lookup of lookups) {
      if (lookup.key !== null) names.add(nameOf(lookup.key))
      if (lookup.keySet !== null) signatures.set(lookup.keySet.tag, lookup.keySet.signature)
      for (const tag of lookup.tags) tags.add(tag)
    }
    for (const tag of tags) names.add(nameOf(tag))
    const asked = this.found([...names])
    for (const { key } of lookups) if (key !== null) this.payloads.expect(key)
    const found = await asked
    const missing = [...tags].filter((tag) => !found.texts.has(nameOf(tag)))
    if (missing.length > 0) await this.giveStamps(missing, signatures, found)
    return lookups.map(({ key, tags: own }) => {
      const payload = key === null ? undefined : found.texts.get(nameOf(key))
      return {
        entry: key === null || payload === undefined ? null : this.payloads.entryOf(key, payload),
        stamps: own.map((tag) => this.stampOf(nameOf(tag), found)),
      }
    })
  }

  /** A tag whose stamp was dropped as soon as it was made has none that holds. */
  private stampOf(name: string, { texts, marked }: Found): string {
    return marked.has(name) ? newMarker(this.now()) : (texts.get(name) ?? newMarker(this.now()))
  }

  /** What then holds is read anew: of several processes one is the fastest, and a write may have been announced. */
  private async giveStamps(
    tags: readonly string[],
    signatures: ReadonlyMap<string, string>,
    found: Found,
  ): Promise<void> {
    const names = tags.map(nameOf)
    const stamps = tags.map((tag) => newStamp(this.now(), signatures.get(tag)))
    await this.connection.query(this.sql.stamp, [names, stamps, STAMP_LIFETIME])
    const { texts, marked } = await this.found(names)
    for (const [name, stamp] of texts) found.texts.set(name, stamp)
    for (const name of marked) found.marked.add(name)
  }

  private async found(names: readonly string[]): Promise<Found> {
    const found: Found = { texts: new Map(), marked: new Set() }
    if (names.length === 0) return found
    const { rows } = await this.connection.query(this.sql.find, [names])
    for (const { name, mark, value } of rows as readonly Row[]) {
      if (mark === '') found.texts.set(name, value)
      else found.marked.add(name)
    }
    return found
  }

  private makeMarks(): WriteMarks {
    const { connection, sql } = this
    let next = 1
    // Marks first, and in a statement of their own: whoever then still gives a tag a stamp sees the mark when it reads again.
    const renew: WriteMarks['renew'] = async (mark, tags, lifetime) => {
      const names = namesOf(tags)
      await connection.query(sql.mark, [names, mark, lifetime])
      await connection.query(sql.drop, [names])
    }
    return {
      async set(tags, lifetime) {
        const mark = `${processName()}.${next++}`
        await renew(mark, tags, lifetime)
        return mark
      },
      renew,
      async remove(mark, tags) {
        await connection.query(sql.unmark, [namesOf(tags), mark])
      },
      // They are found by the statement that finds stamps.
      watch: () => undefined,
    }
  }

  private makeLocks(): FillLocks {
    const { connection, sql } = this
    return {
      async take(key, token, lease) {
        return (await connection.query(sql.lock, [nameOf(key), token, lease])).rows.length > 0
      },
      async release(key, token) {
        await connection.query(sql.unlock, [nameOf(key), token])
      },
    }
  }

  private async clean(): Promise<void> {
    this.cleaning = Infinity
    try {
      while (((await this.connection.query(this.sql.clean)).rowCount ?? 0) >= CLEANED_AT_ONCE) continue
    } catch {
      // What is wrong with the store shows when it is used.
    } finally {
      this.cleaning = this.now() + CLEANING
    }
  }
}

interface Row {
  readonly name: string
  readonly mark: string
  readonly value: string
}

/** What there is by name, and the names with a write under way, or a lock. */
interface Found {
  readonly texts: Map<string, string>
  readonly marked: Set<string>
}

function namesOf(tags: readonly string[]): string[] {
  return [...new Set(tags.map(nameOf))]
}

/** A key or tag as a row may have it: an index takes no long text, and PostgreSQL no NUL. */
function nameOf(text: string): string {
  if (text.length <= LONGEST_NAME && !UNFIT.test(text)) return text
  return `#${createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url')}`
}

const LONGEST_NAME = 500
/** NUL, or half a surrogate pair. */
const UNFIT = /\0|\p{Surrogate}/u
