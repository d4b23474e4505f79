import { callable, checkOptions, InvalidOptionsError } from '@prisma-brisk/core'
import type { CacheLookup, CacheStore, MessageBus, ReservedNames } from '../../cache-store.ts'
import type { DecimalClass } from '../../codec/value-copy.ts'
import type { KeySetTag } from '../../entry/stamp.ts'
import { lifetimeOf, type CacheEntry, type StoredEntry } from '../../entry/entry.ts'
import { codecCheck } from '../remote/codec-check.ts'
import { LookupBatch, type Lookup } from '../remote/lookup-batch.ts'
import { encodePayload, taggedJson, type ValueCodec } from '../../codec/payload.ts'
import { PayloadMemo } from '../remote/payload-memo.ts'
import { keptFor, STAMP_LIFETIME, StampLifetimes } from '../remote/stamp-lifetimes.ts'
import { RedisConnection } from './redis-connection.ts'
import { RedisLocks } from './redis-locks.ts'
import { RedisMarks } from './redis-marks.ts'
import { redisPort, type RedisClient } from './redis-client.ts'
import type { RedisCommand, RedisPort } from './redis-port.ts'
import { newMarker, newStamp } from '../../entry/stamp.ts'

export interface RedisStoreOptions {
  /**
   * How results become text. Default: JSON that comes back exactly; `msgpackr` of `@prisma-brisk/cache/msgpackr` takes about
   * half the room. All processes on one Redis must have the same: of another codec an entry is a miss, and overwritten.
   */
  readonly codec?: ValueCodec | undefined
  /** The wall clock, in ms. For tests. */
  readonly now?: (() => number) | undefined
}

/**
 * Keeps results and stamps in Redis 6.2 or later, shared by all processes: standalone, Sentinel or Cluster, through a
 * client of `ioredis` 5 or 6 or of `redis` (node-redis) 5 or 6, which stays yours: the store neither connects nor closes it.
 *
 * Or over HTTP, through a client of `@upstash/redis`: each look-up is a request, and stamps and marks are read with the value,
 * so that no process needs to hear of another's writes. The database must have no read regions: their copies lag behind
 * invalidations. Nothing can be subscribed to over HTTP: `tieredStore` needs a `bus` of its own there.
 *
 * A look-up is one round trip, and all look-ups of one turn of the event loop travel together. Invalidating drops
 * stamps: one command, whatever the number of entries; whoever looks next sets a new random one. No Lua, no SCAN, no
 * KEYS; on a Cluster every command names keys of one slot. Results that come again unchanged are copied, not decoded
 * anew, for which the store keeps the latest of them, some megabytes in all.
 *
 * @example
 * prisma.$extends(cache({ store: redisStore(new Redis(process.env.REDIS_URL)) }))
 *
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`), also for a client that reads from replicas
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): RedisCacheStore {
  checkOptions('redisStore', options, { codec: codecCheck, now: callable })
  return new RedisStore(redisPort(client), options.codec ?? taggedJson, options.now ?? Date.now)
}

/** A store on Redis, which can also carry messages between processes. */
export interface RedisCacheStore extends CacheStore {
  /**
   * Redis pub/sub on a connection of its own: the default bus of {@link tieredStore}.
   *
   * @throws InvalidOptionsError (`E_INVALID_OPTIONS`) where the client speaks HTTP
   */
  bus(channel: string): MessageBus
}

const KNOWN_TAGS = 20_000

class RedisStore implements RedisCacheStore {
  readonly name = 'redis'
  private readonly batch = new LookupBatch((lookups) => this.lookupAll(lookups))
  /** Tags that had a stamp lately: for others one is set in the same round trip as they are read. */
  private readonly known = new Set<string>()
  private readonly lifetimes: StampLifetimes
  private readonly payloads: PayloadMemo
  private readonly connection: RedisConnection
  readonly marks: RedisMarks
  readonly locks: RedisLocks
  decimal: DecimalClass | null = null

  constructor(
    private readonly port: RedisPort,
    private readonly codec: ValueCodec,
    private readonly now: () => number,
  ) {
    this.payloads = new PayloadMemo(codec, this)
    this.lifetimes = new StampLifetimes(now)
    this.connection = new RedisConnection(port, () => this.known.clear())
    this.marks = new RedisMarks(this.connection, now, (tags) => this.dropping(tags))
    this.locks = new RedisLocks(this.connection)
  }

  lookup(key: string, tags: readonly string[], keySet: KeySetTag | null = null): Promise<CacheLookup> {
    return this.batch.add(key, tags, keySet)
  }

  async observe(tags: readonly string[], keySet: KeySetTag | null = null): Promise<readonly string[]> {
    return (await this.batch.add(null, tags, keySet)).stamps
  }

  write(key: string, entry: CacheEntry, value: unknown): Promise<void> {
    // Encoded before anything is awaited: the caller may change the value as soon as this has returned.
    const payload = encodePayload(this.codec, entry, value)
    const lifetime = keptFor(lifetimeOf(entry))
    const commands: RedisCommand[] = [['set', key, payload, 'PX', String(lifetime)]]
    entry.tags.forEach((tag, index) => {
      const longer = this.lifetimes.extension(entry.stamps[index] as string, lifetime)
      if (longer > 0) commands.push(['pexpire', tag, String(longer)])
    })
    return this.connection.send(commands).then(ignore)
  }

  remove(key: string): Promise<void> {
    return this.connection.send([['del', key]]).then(ignore)
  }

  invalidate(tags: readonly string[]): Promise<void> {
    return this.connection.send(this.dropping(tags)).then(ignore)
  }

  get isDown(): boolean {
    return this.connection.isDown
  }

  invalidateApart(tags: readonly string[]): Promise<void> {
    return this.connection.sendApart(this.dropping(tags))
  }

  bus(channel: string): MessageBus {
    const { publish, subscribe } = this.port
    if (subscribe === null) {
      throw new InvalidOptionsError(
        'redisStore.client',
        'a client that can subscribe',
        'one over HTTP',
        'Give tieredStore a `bus`, or use this store alone.',
      )
    }
    return {
      publish: (message) => publish(channel, message),
      subscribe: (listener, state) => subscribe(channel, listener, state),
    }
  }

  onReconnect(listener: () => void): void {
    this.port.onReconnect(listener)
  }

  useNames(names: ReservedNames): void {
    this.connection.useNames(names)
  }

  useDecimal(decimal: DecimalClass): void {
    this.decimal = decimal
  }

  /** The usual case is that all tags have stamps; then they and the values take one command, and few promises. */
  private lookupAll(lookups: readonly Lookup[]): Promise<CacheLookup[]> {
    const names = namesIn(lookups)
    const { isProven, isPerKey } = this.connection
    // A cluster's client sends a command a key by itself.
    const isOneCommand = !isPerKey || this.port.isCluster
    const isUsual = isProven && isOneCommand && !this.marks.areWatched && names.length > 0
    if (!isUsual || !lookups.every(({ tags }) => this.knowsAll(tags))) {
      return this.lookupAndStamp(lookups)
    }
    const answer = this.port.texts(names)
    for (const { key } of lookups) if (key !== null) this.payloads.expect(key)
    return answer.then(
      (texts) => this.foundIn(lookups, names, texts) ?? this.lookupAndStamp(lookups),
      (error: unknown) => {
        throw this.connection.failure(error)
      },
    )
  }

  /** Null where a stamp is missing. */
  private foundIn(
    lookups: readonly Lookup[],
    names: readonly string[],
    texts: readonly unknown[],
  ): CacheLookup[] | null {
    const found: CacheLookup[] = []
    const places = lookups.length === 1 ? null : new Map(names.map((name, index) => [name, index]))
    for (const { key, tags } of lookups) {
      let at = 0
      const textOf = places === null ? () => texts[at++] : (name: string) => texts[places.get(name) as number]
      const text = key === null ? null : textOf(key)
      const stamps = tags.map(textOf)
      if (!stamps.every((stamp) => typeof stamp === 'string')) return null
      found.push({ entry: this.entryOf(key, text), stamps })
    }
    return found
  }

  private entryOf(key: string | null, text: unknown): StoredEntry | null {
    return key !== null && typeof text === 'string' ? this.payloads.entryOf(key, text) : null
  }

  private knowsAll(tags: readonly string[]): boolean {
    for (const tag of tags) if (!this.known.has(tag)) return false
    return true
  }

  private async lookupAndStamp(lookups: readonly Lookup[]): Promise<CacheLookup[]> {
    const keys = new Set<string>()
    const tags = new Set<string>()
    const signatures = new Map<string, string>()
    for (const lookup of lookups) {
      if (lookup.key !== null) keys.add(lookup.key)
      if (lookup.keySet !== null) signatures.set(lookup.keySet.tag, lookup.keySet.signature)
      for (const tag of lookup.tags) tags.add(tag)
    }
    const texts = await this.read([...keys], [...tags], signatures)
    const marked = await this.marks.marked(tags)
    return lookups.map(({ key, tags }) => {
      const text = key === null ? null : texts.get(key)
      const stamps = tags.map((tag) => (marked.has(tag) ? newMarker(this.now()) : (texts.get(tag) as string)))
      return { entry: this.entryOf(key, text), stamps }
    })
  }

  /** Values and stamps; tags that have no stamp are given one, and what then holds is read. */
  private async read(
    keys: readonly string[],
    tags: readonly string[],
    signatures: Signatures,
  ): Promise<Map<string, string>> {
    const unknown = tags.filter((tag) => !this.known.has(tag))
    const found = await this.get([...keys, ...tags], unknown, signatures)
    const missing = tags.filter((tag) => !found.has(tag))
    if (missing.length > 0) {
      for (const [tag, stamp] of await this.get(missing, missing, signatures)) found.set(tag, stamp)
    }
    for (const tag of tags) {
      // Evicted as soon as it was set: nothing can rest on this tag now.
      if (!found.has(tag)) found.set(tag, newMarker(this.now()))
      else this.remember(tag)
    }
    return found
  }

  private async get(
    names: readonly string[],
    unstamped: readonly string[],
    signatures: Signatures,
  ): Promise<Map<string, string>> {
    if (names.length === 0) return new Map()
    const stamping = unstamped.map((tag): RedisCommand => [
      'set',
      tag,
      newStamp(this.now(), signatures.get(tag)),
      'NX',
      'PX',
      String(STAMP_LIFETIME),
    ])
    const answers = await this.connection.send([...stamping, ['mget', ...names]])
    const texts = answers[stamping.length] as readonly unknown[]
    const found = new Map<string, string>()
    texts.forEach((text, index) => {
      if (typeof text === 'string') found.set(names[index] as string, text)
    })
    return found
  }

  private dropping(tags: readonly string[]): readonly RedisCommand[] {
    for (const tag of tags) this.known.delete(tag)
    return [['del', ...tags]]
  }

  private remember(tag: string): void {
    if (this.known.size >= KNOWN_TAGS) this.known.clear()
    this.known.add(tag)
  }
}

/** By tag. */
type Signatures = ReadonlyMap<string, string>

/** All names that are asked for, each once. */
function namesIn(lookups: readonly Lookup[]): string[] {
  const [first] = lookups
  // The usual case, of one look-up, needs no set: its key and tags are different, but for a store's own tests.
  if (lookups.length === 1 && first !== undefined) {
    return first.key === null ? [...first.tags] : [first.key, ...first.tags]
  }
  const names = new Set<string>()
  for (const { key, tags } of lookups) {
    if (key !== null) names.add(key)
    for (const tag of tags) names.add(tag)
  }
  return [...names]
}

const ignore = (): void => undefined
