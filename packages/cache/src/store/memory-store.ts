import { checkOptions, integer } from '@prisma-brisk/core'
import { LRUCache } from 'lru-cache'
import type { CacheStore, CacheLookup } from '../cache-store.ts'
import type { KeySetTag } from '../entry/stamp.ts'
import { EntryHeader, type CacheEntry, type StoredEntry } from '../entry/entry.ts'
import { newLocalStamp } from '../entry/stamp.ts'
import { copyValue } from '../codec/value-copy.ts'
import { sizeOf } from './value-size.ts'

export interface MemoryStoreOptions {
  /**
   * Bytes that keys, results and tags may take on the heap, estimated on the safe side; the entries used least
   * recently make room. Default 64 MiB. An entry larger than an eighth of it is not kept.
   */
  readonly maxBytes?: number | undefined
}

/**
 * Keeps results in this process: the default store. A hit costs a copy of the result and nothing else. Other processes
 * do not see its entries nor its invalidations; where several processes write, use `redisStore` or `tieredStore`.
 *
 * @example
 * prisma.$extends(cache({ store: memoryStore({ maxBytes: 256 * 1024 * 1024 }) }))
 *
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`)
 */
export function memoryStore(options: MemoryStoreOptions = {}): CacheStore {
  checkOptions('memoryStore', options, { maxBytes: integer({ min: 64 * 1024 }) })
  return new MemoryStore(options.maxBytes ?? 64 * 1024 * 1024)
}

/**
 * A tag lives as long as an entry rests on it, and some time longer, for reads that are on their way to the database.
 * So the tags take no more room than the entries do, however many there ever were.
 */
interface TagNode {
  readonly tag: string
  /** Null from an invalidation to the next observation. */
  stamp: string | null
  entries: number
  isWaiting: boolean
}

class KeptEntry extends EntryHeader implements StoredEntry {
  constructor(
    entry: CacheEntry,
    private readonly value: unknown,
    readonly nodes: readonly TagNode[],
  ) {
    super(entry)
  }

  /** Whether each of its tags has the stamp that it was stored with. */
  get isCurrent(): boolean {
    const { nodes, stamps } = this
    for (let index = 0; index < nodes.length; index++) {
      if ((nodes[index] as TagNode).stamp !== stamps[index]) return false
    }
    return true
  }

  open(): unknown {
    return copyValue(this.value)
  }
}

const WAITING_TAGS = 10_000
const ENTRY_OVERHEAD = 420
const TAG_OVERHEAD = 64

class MemoryStore implements CacheStore {
  readonly name = 'memory'
  readonly isLocal = true
  private readonly kept: LRUCache<string, KeptEntry>
  private readonly nodes = new Map<string, TagNode>()
  /**
   * Tags that no entry rested on when they came here, in a ring. When its turn comes, one on which still none rests is
   * forgotten; were it forgotten too soon, that would be a miss.
   */
  private waiting: TagNode[] = []
  private turn = 0

  constructor(maxBytes: number) {
    this.kept = new LRUCache<string, KeptEntry>({
      maxSize: maxBytes,
      maxEntrySize: Math.floor(maxBytes / 8),
      dispose: ({ nodes }) => this.release(nodes),
    })
  }

  current(key: string): StoredEntry | null {
    const kept = this.kept.get(key)
    return kept?.isCurrent === true ? kept : null
  }

  lookup(key: string, tags: readonly string[], keySet: KeySetTag | null = null): CacheLookup {
    return { entry: this.kept.get(key) ?? null, stamps: this.observe(tags, keySet) }
  }

  observe(tags: readonly string[], keySet: KeySetTag | null = null): string[] {
    if (keySet !== null) this.stamp(keySet.tag, keySet.signature)
    return tags.map((tag) => this.stamp(tag))
  }

  write(key: string, entry: CacheEntry, value: unknown): void {
    const own = copyValue(value)
    const nodes = entry.tags.map((tag) => this.node(tag))
    for (const node of nodes) node.entries++
    const kept = new KeptEntry(entry, own, nodes)
    const size = ENTRY_OVERHEAD + key.length + TAG_OVERHEAD * nodes.length + sizeOf(own)
    this.kept.set(key, kept, { size })
    // Too large an entry is refused without a word, and then its tags are not held.
    if (this.kept.peek(key) !== kept) this.release(nodes)
  }

  remove(key: string): void {
    this.kept.delete(key)
  }

  invalidate(tags: readonly string[]): void {
    for (const tag of tags) {
      // A tag without a node is one that nobody has observed.
      const node = this.nodes.get(tag)
      // Its next observer gives it the next one, with the signature of its key set.
      if (node !== undefined) node.stamp = null
    }
  }

  size(): { entries: number; bytes: number } {
    return { entries: this.kept.size, bytes: this.kept.calculatedSize }
  }

  clear(): void {
    this.kept.clear()
    this.nodes.clear()
    this.waiting = []
    this.turn = 0
  }

  /** The tag's stamp, which it is given now if it has none. */
  private stamp(tag: string, signature?: string): string {
    const node = this.node(tag)
    node.stamp ??= newLocalStamp(Date.now(), signature)
    return node.stamp
  }

  private node(tag: string): TagNode {
    const known = this.nodes.get(tag)
    if (known !== undefined) return known
    const node: TagNode = { tag, stamp: null, entries: 0, isWaiting: false }
    this.nodes.set(tag, node)
    this.rest(node)
    return node
  }

  private release(nodes: readonly TagNode[]): void {
    for (const node of nodes) {
      if (--node.entries === 0) this.rest(node)
    }
  }

  private rest(node: TagNode): void {
    if (node.isWaiting) return
    node.isWaiting = true
    const oldest = this.waiting[this.turn]
    this.waiting[this.turn] = node
    this.turn = (this.turn + 1) % WAITING_TAGS
    if (oldest === undefined) return
    oldest.isWaiting = false
    if (oldest.entries === 0) this.nodes.delete(oldest.tag)
  }
}
