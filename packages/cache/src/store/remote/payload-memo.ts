import { LRUCache } from 'lru-cache'
import type { DecimalClass } from '../../codec/value-copy.ts'
import type { StoredEntry } from '../../entry/entry.ts'
import { decodePayload, type DecodedEntry, type ValueCodec } from '../../codec/payload.ts'

/** Characters; what is decoded from them takes a few times as many bytes. */
const ALL = 1024 * 1024
const LONGEST = 64 * 1024

interface Decoded {
  readonly text: string
  readonly entry: DecodedEntry
}

/**
 * Payloads as they were decoded a moment ago. What is asked for again and again mostly comes with the same text, and to
 * compare two texts takes a fraction of the time of reading one. Any other text is decoded anew.
 */
export class PayloadMemo {
  private readonly recent = new LRUCache<string, Decoded>({ maxSize: ALL, maxEntrySize: LONGEST })

  constructor(
    private readonly codec: ValueCodec,
    private readonly knows: { readonly decimal: DecimalClass | null },
  ) {}

  /** Makes a copy of what will most likely be answered, in the time that is spent waiting for it. */
  expect(key: string): void {
    this.recent.peek(key)?.entry.prepare()
  }

  /** The entry in a payload, or null. */
  entryOf(key: string, text: string): StoredEntry | null {
    const known = this.recent.get(key)
    if (known !== undefined && known.text === text) return known.entry
    const entry = decodePayload(this.codec, text, this.knows)
    if (entry !== null) this.recent.set(key, { text, entry }, { size: text.length })
    return entry
  }
}
