import { crc32 } from 'node:zlib'
import type { DecimalClass } from './value-copy.ts'
import { EntryHeader, type CacheEntry, type StoredEntry } from '../entry/entry.ts'
import { UnserialisableValueError } from '../errors.ts'
import { decode, encode } from './tagged-json.ts'
import { copyValue } from './value-copy.ts'

/** How values become text in a store outside the process. */
export interface ValueCodec {
  /** Entries of another codec are misses. */
  readonly name: string
  /** @throws for a value that would not come back exactly */
  encode(value: unknown): string
  /** Each time a separate value. */
  decode(text: string, decimal: DecimalClass | null): unknown
}

/** The default: JSON with tags for what JSON lacks. */
export const taggedJson: ValueCodec = { name: 'json1', encode, decode }

/**
 * Entry and value as text: a magic word with the codec's name, a checksum, the header, the value. Whatever is not
 * exactly that — truncated, foreign, damaged — is no entry.
 */
export function encodePayload(codec: ValueCodec, entry: CacheEntry, value: unknown): string {
  const rest = `${headerOf(entry)}\n${encodeValue(codec, value)}`
  return `brisk:${codec.name}:${crc32(rest).toString(36)}\n${rest}`
}

/** The entry in a payload, or null; its value is decoded when it is asked for. */
export function decodePayload(
  codec: ValueCodec,
  text: string,
  knows: { readonly decimal: DecimalClass | null },
): DecodedEntry | null {
  const first = text.indexOf('\n')
  const magic = `brisk:${codec.name}:`
  if (first < 0 || !text.startsWith(magic)) return null
  const rest = text.slice(first + 1)
  if (text.slice(magic.length, first) !== crc32(rest).toString(36)) return null
  const second = rest.indexOf('\n')
  if (second < 0) return null
  try {
    const header: unknown = JSON.parse(rest.slice(0, second))
    return isHeader(header) ? new DecodedEntry(entryOf(header), codec, rest.slice(second + 1), knows) : null
  } catch {
    return null
  }
}

/** An entry of another process, whose value is decoded when it is asked for. */
export class DecodedEntry extends EntryHeader implements StoredEntry {
  private wasOpened = false
  private original: { readonly value: unknown } | null = null
  private prepared: unknown = UNPREPARED

  constructor(
    entry: CacheEntry,
    private readonly codec: ValueCodec,
    private readonly body: string,
    private readonly knows: { readonly decimal: DecimalClass | null },
  ) {
    super(entry)
  }

  /** Has the next copy made before it is asked for. */
  prepare(): void {
    if (this.original === null || this.prepared !== UNPREPARED) return
    try {
      this.prepared = copyValue(this.original.value)
    } catch {
      // A codec of the user's may know values that we do not.
    }
  }

  open(): unknown {
    const { prepared } = this
    if (prepared !== UNPREPARED) {
      this.prepared = UNPREPARED
      return prepared
    }
    if (!this.wasOpened) {
      this.wasOpened = true
      return this.decode()
    }
    // Whoever is opened again will be once more: from now on copies are made, which costs less.
    this.original ??= { value: this.decode() }
    try {
      return copyValue(this.original.value)
    } catch {
      // A codec of the user's may know values that we do not.
      return this.decode()
    }
  }

  private decode(): unknown {
    return this.codec.decode(this.body, this.knows.decimal)
  }
}

function encodeValue(codec: ValueCodec, value: unknown): string {
  try {
    return codec.encode(value)
  } catch (error) {
    // Whatever a codec finds wrong with a value, the store is not to blame.
    if (error instanceof UnserialisableValueError) throw error
    throw new UnserialisableValueError(`a value that the codec ${codec.name} refuses`)
  }
}

const UNPREPARED = Symbol('unprepared')

type Header = readonly [string, string[], string[], number, number, number, number, number]

function headerOf({ identity, tags, stamps, createdAt, ttl, swr, staleIfError, cost }: CacheEntry): string {
  return JSON.stringify([identity, tags, stamps, createdAt, ttl, swr, staleIfError, Math.round(cost)])
}

function entryOf([identity, tags, stamps, createdAt, ttl, swr, staleIfError, cost]: Header): CacheEntry {
  return { identity, tags, stamps, createdAt, ttl, swr, staleIfError, cost }
}

function isHeader(value: unknown): value is Header {
  return (
    Array.isArray(value) &&
    value.length === 8 &&
    typeof value[0] === 'string' &&
    Array.isArray(value[1]) &&
    Array.isArray(value[2]) &&
    value[1].length === value[2].length &&
    value.slice(3).every((each) => typeof each === 'number')
  )
}
