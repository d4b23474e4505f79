import { callable, checkOptions, finite, InvalidOptionsError, type OptionCheck } from '@prisma-brisk/core'
import { randomUUID } from 'node:crypto'
import type {
  CacheLookup,
  CacheStore,
  FillLocks,
  MessageBus,
  ReservedNames,
  WriteMarks,
} from '../cache-store.ts'
import type { KeySetTag } from '../entry/stamp.ts'
import { isValid, type CacheEntry } from '../entry/entry.ts'
import type { RedisCacheStore } from './redis/redis-store.ts'
import { StampMirror } from './stamp-mirror.ts'

export interface TieredStoreOptions {
  /** Kept in this process: `memoryStore()`. */
  readonly near: CacheStore
  /** Shared by all processes: `redisStore(client)`. */
  readonly far: CacheStore
  /**
   * Seconds during which the near store may answer without asking the far one: the longest that a result is served after
   * another process has invalidated it, should the message of that be lost. Default 5.
   */
  readonly nearTtl?: number | undefined
  /** How processes tell each other what they invalidated. Default: Redis pub/sub, on a connection of its own, of `far`. */
  readonly bus?: MessageBus | undefined
  /** Channel of the default bus. Default `brisk:invalidate`. */
  readonly channel?: string | undefined
  /** The wall clock, in ms. For tests. */
  readonly now?: (() => number) | undefined
}

/**
 * Two stores: what the near one has is answered without a round trip. Invalidations reach the near stores of other
 * processes by message; one that is lost is made up for after `nearTtl`. A process sees its own at once.
 *
 * @example
 * prisma.$extends(cache({ store: tieredStore({ near: memoryStore(), far: redisStore(redis), nearTtl: 2 }) }))
 *
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`)
 */
export function tieredStore(options: TieredStoreOptions): CacheStore {
  checkOptions('tieredStore', options, {
    near: store('near', (each) => each.isLocal === true, 'a store of this process: memoryStore()'),
    far: store('far', (each) => each.isLocal !== true, 'a shared store: redisStore(client)'),
    nearTtl: finite({ above: 0, max: 86_400 }),
    bus,
    channel: (value, path) => {
      if (typeof value !== 'string' || value === '') throw new InvalidOptionsError(path, 'a name', value)
    },
    now: callable,
  })
  const { near, far, nearTtl = 5, channel = 'brisk:invalidate', now = Date.now } = options
  for (const [name, each] of Object.entries({ near, far })) {
    if (each === undefined) throw new InvalidOptionsError(`tieredStore.${name}`, 'a store', each)
  }
  return new TieredStore(near, far, options.bus ?? redisBus(far, channel), nearTtl * 1000, now)
}

class TieredStore implements CacheStore {
  readonly name = 'tiered'
  private readonly mirror: StampMirror
  /** Marks the messages of this store; drawn with the first: on Workers nothing random may be drawn while modules load. */
  private origin: string | undefined
  private readonly ended: Promise<() => Promise<void>>

  readonly marks?: WriteMarks
  readonly locks?: FillLocks

  constructor(
    private readonly near: CacheStore,
    private readonly far: CacheStore,
    private readonly bus: MessageBus,
    nearTtl: number,
    now: () => number,
  ) {
    this.mirror = new StampMirror(nearTtl, now)
    if (far.marks !== undefined) this.marks = this.marksOf(far.marks)
    if (far.locks !== undefined) this.locks = far.locks
    this.ended = bus
      .subscribe(
        (message) => this.heard(message),
        (isUp) => this.switched(isUp),
      )
      // Without a bus everything is asked of the far store.
      .catch(() => async () => undefined)
  }

  lookup(
    key: string,
    tags: readonly string[],
    keySet: KeySetTag | null = null,
  ): CacheLookup | Promise<CacheLookup> {
    const stamps = this.mirror.get(tags)
    if (stamps === null) return this.lookupFar(key, tags, keySet)
    const found = this.near.lookup(key, [])
    // A near store that needs time is no nearer than the far one.
    if (found instanceof Promise) return this.lookupFar(key, tags, keySet)
    const { entry } = found
    return entry !== null && isValid(entry, tags, stamps)
      ? { entry, stamps }
      : this.lookupFar(key, tags, keySet)
  }

  async observe(tags: readonly string[], keySet: KeySetTag | null = null): Promise<readonly string[]> {
    return this.far.observe(tags, keySet)
  }

  write(key: string, entry: CacheEntry, value: unknown): void | Promise<void> {
    const written = this.far.write(key, entry, value)
    if (this.mirror.isOpen) void this.near.write(key, entry, value)
    return written
  }

  async remove(key: string): Promise<void> {
    await this.near.remove(key)
    await this.far.remove(key)
  }

  async invalidate(tags: readonly string[]): Promise<void> {
    this.mirror.drop(tags)
    try {
      await this.far.invalidate(tags)
    } finally {
      // What was fetched before the far store had heard of it is dropped as well.
      this.mirror.drop(tags)
    }
    // Sent after the far store has it, or those who hear it would fetch the old stamps again.
    this.origin ??= randomUUID()
    void this.bus.publish(JSON.stringify([this.origin, tags])).catch(() => undefined)
  }

  get isDown(): boolean {
    return this.far.isDown === true
  }

  /** The others hear of it once the usual connection is back: what was sent lately is then sent again. */
  async invalidateApart(tags: readonly string[]): Promise<void> {
    this.mirror.drop(tags)
    await this.far.invalidateApart?.(tags)
    this.mirror.drop(tags)
  }

  onReconnect(listener: () => void): void {
    this.far.onReconnect?.(listener)
  }

  useNames(names: ReservedNames): void {
    this.far.useNames?.(names)
  }

  size(): { entries: number; bytes: number } {
    return this.near.size?.() ?? { entries: 0, bytes: 0 }
  }

  useDecimal(decimal: Parameters<NonNullable<CacheStore['useDecimal']>>[0]): void {
    this.near.useDecimal?.(decimal)
    this.far.useDecimal?.(decimal)
  }

  async close(): Promise<void> {
    const end = await this.ended
    await end()
    this.switched(false)
  }

  private async lookupFar(
    key: string,
    tags: readonly string[],
    keySet: KeySetTag | null,
  ): Promise<CacheLookup> {
    const fetch = this.mirror.fetching()
    try {
      const found = await this.far.lookup(key, tags, keySet)
      const { entry, stamps } = found
      fetch.done(tags, stamps)
      if (entry === null || !this.mirror.isOpen || !isValid(entry, tags, stamps)) return found
      return await this.brought(key, found)
    } finally {
      fetch.end()
    }
  }

  /** A far entry is opened once; from then on its copies are made near. */
  private async brought(key: string, found: CacheLookup): Promise<CacheLookup> {
    if (found.entry === null) return found
    try {
      await this.near.write(key, found.entry, found.entry.open())
      const { entry } = await this.near.lookup(key, [])
      return { entry: entry ?? found.entry, stamps: found.stamps }
    } catch {
      return found
    }
  }

  /** The far store's marks; near stamps of before them are dropped everywhere. */
  private marksOf(far: WriteMarks): WriteMarks {
    return {
      set: async (tags, lifetime) => {
        const mark = await far.set(tags, lifetime)
        await this.invalidate(tags)
        return mark
      },
      renew: async (mark, tags, lifetime) => {
        await far.renew(mark, tags, lifetime)
        await this.invalidate(tags)
      },
      remove: (mark, tags) => far.remove(mark, tags),
      watch: () => far.watch(),
    }
  }

  private heard(message: string): void {
    try {
      const [from, tags] = JSON.parse(message) as [string, string[]]
      if (from !== this.origin) this.mirror.drop(tags)
    } catch {
      // Not ours: whatever it was, nothing is known to hold any more.
      this.mirror.clear()
    }
  }

  private switched(isUp: boolean): void {
    this.near.clear?.()
    if (isUp) this.mirror.open()
    else this.mirror.close()
  }
}

/** Redis pub/sub of the far store's own client. */
function redisBus(far: CacheStore, channel: string): MessageBus {
  const { bus } = far as Partial<RedisCacheStore>
  if (bus !== undefined) return bus.call(far, channel)
  throw new InvalidOptionsError(
    'tieredStore.bus',
    'a message bus, because `far` is not a redisStore',
    undefined,
  )
}

function store(name: string, fits: (store: CacheStore) => boolean, expected: string): OptionCheck {
  return (value, path) => {
    const isStore = typeof (value as CacheStore | null)?.lookup === 'function'
    if (!isStore || !fits(value as CacheStore))
      throw new InvalidOptionsError(path, expected, value, `It is the ${name} one.`)
  }
}

const bus: OptionCheck = (value, path) => {
  const { publish, subscribe } = (value ?? {}) as Partial<MessageBus>
  if (typeof publish === 'function' && typeof subscribe === 'function') return
  throw new InvalidOptionsError(path, 'a message bus: { publish, subscribe }', value)
}
