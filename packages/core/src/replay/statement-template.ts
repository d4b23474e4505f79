import { types } from 'node:util'
import type { SqlQuery } from '../driver/connection/adapter-ports.ts'
import { isDecimal } from '../operation/prisma-value.ts'
import type { ArgumentValue } from './argument-shape.ts'
import type { EnumValue } from '../schema/datamodel/field.ts'
import { fragmentsOf } from './placeholders.ts'

/** Where one parameter of a statement may come from. */
type Source =
  | { readonly from: 'constant'; readonly value: unknown }
  | { readonly from: 'value'; readonly index: number; readonly by: Conversion }

/** What Prisma makes of an argument's value before the driver gets it. */
interface Conversion {
  readonly name: string
  /** Undefined for values that it is not for. */
  apply(value: ArgumentValue): unknown
}

/** One parameter, or the run of parameters of a list. */
interface Slot {
  /** All that agree with every statement seen so far: as long as they agree on the next one, it does not matter which it is. */
  sources: readonly Source[]
  readonly argType: unknown
  readonly isList: boolean
}

/**
 * A statement of Prisma's with its parameters taken out.
 *
 * Which argument went into which parameter is learnt from statements that Prisma has sent. Nothing is guessed: each parameter
 * keeps all origins that explain what was seen, and where they disagree about a call, Prisma sends it and settles them.
 */
export class StatementTemplate {
  private readonly slots: Slot[]
  /** Texts for lists of other lengths. */
  private readonly texts = new Map<string, string>()

  private constructor(
    private readonly first: SqlQuery,
    /** The text between the parameters, and between the items of a list; null where the text is always the same. */
    private readonly fragments: readonly string[] | null,
    private readonly separators: readonly string[],
    slots: Slot[],
    private readonly isNumbered: boolean,
  ) {
    this.slots = slots
  }

  /** What a first statement tells; null where its lists are not found in it. */
  static from(query: SqlQuery, values: readonly ArgumentValue[]): StatementTemplate | null {
    const items = values.reduce<number>((sum, value) => sum + (Array.isArray(value) ? value.length : 0), 0)
    // Every parameter outside of lists is held against every value.
    if ((query.args.length - items) * values.length > MOST_PAIRS) return null
    const lists = values.flatMap((value, index) => (Array.isArray(value) ? [index] : []))
    if (lists.length === 0) {
      const slots = query.args.map((arg, index) => ({
        sources: sourcesOf(arg, values),
        argType: query.argTypes[index],
        isList: false,
      }))
      return new StatementTemplate(query, null, [], slots, false)
    }
    return withLists(query, values, lists, (...parts) => new StatementTemplate(...parts))
  }

  /** The statement for other values; null where it is not yet known which of them goes where. */
  for(values: readonly ArgumentValue[]): SqlQuery | null {
    const args: unknown[] = []
    const { fragments } = this
    const argTypes: unknown[] = fragments === null ? this.first.argTypes : []
    let lengths = ''
    for (const slot of this.slots) {
      const [source, ...others] = slot.sources
      if (source === undefined) return null
      const arg = argOf(source, values)
      for (const other of others) if (!isSameArg(argOf(other, values), arg)) return null
      if (!slot.isList) {
        args.push(arg)
        if (fragments !== null) argTypes.push(slot.argType)
        continue
      }
      const items = arg as readonly unknown[]
      lengths += `${items.length},`
      for (const item of items) {
        args.push(item)
        argTypes.push(slot.argType)
      }
    }
    return { sql: fragments === null ? this.first.sql : this.text(lengths, args), args, argTypes }
  }

  /** Keeps the origins that explain this statement too; false where none does. */
  settle(query: SqlQuery, values: readonly ArgumentValue[]): boolean {
    let at = 0
    for (const slot of this.slots) {
      const list = slot.isList ? slot.sources[0] : undefined
      if (list !== undefined) {
        at += (argOf(list, values) as readonly unknown[]).length
        continue
      }
      const arg = query.args[at++]
      slot.sources = slot.sources.filter((source) => isSameArg(argOf(source, values), arg))
      if (slot.sources.length === 0) return false
    }
    const next = this.for(values)
    return next !== null && isSameQuery(next, query)
  }

  private text(lengths: string, args: readonly unknown[]): string {
    const known = this.texts.get(lengths)
    if (known !== undefined) return known
    const counts = lengths.split(',')
    const { fragments, separators, isNumbered } = this
    let sql = fragments![0]!
    let number = 1
    let list = 0
    for (const [index, slot] of this.slots.entries()) {
      if (slot.isList) {
        const separator = separators[list]!
        const count = Number(counts[list++])
        for (let item = 0; item < count; item++)
          sql += `${item === 0 ? '' : separator}${isNumbered ? `$${number++}` : '?'}`
      } else sql += isNumbered ? `$${number++}` : '?'
      sql += fragments![index + 1]!
    }
    if (this.texts.size >= MOST_TEXTS) this.texts.clear()
    if (args.length <= LONGEST_KEPT) this.texts.set(lengths, sql)
    return sql
  }
}

const MOST_PAIRS = 10_000
const MOST_TEXTS = 8
const LONGEST_KEPT = 2000

/** Whether two statements are the same for the driver. */
export function isSameQuery(one: SqlQuery, other: SqlQuery): boolean {
  if (one.sql !== other.sql || one.args.length !== other.args.length) return false
  for (let index = 0; index < one.args.length; index++) {
    if (!isSameArg(one.args[index], other.args[index])) return false
    if (!isSameType(one.argTypes[index], other.argTypes[index])) return false
  }
  return true
}

/** Lists as parameters of their own stand in one run each, which nothing else in the statement looks like. */
function withLists(
  query: SqlQuery,
  values: readonly ArgumentValue[],
  lists: readonly number[],
  make: (
    first: SqlQuery,
    fragments: readonly string[],
    separators: readonly string[],
    slots: Slot[],
    isNumbered: boolean,
  ) => StatementTemplate,
): StatementTemplate | null {
  const texts = fragmentsOf(query.sql, query.args.length)
  if (texts === null) return null
  const runs = new Map<number, Source & { readonly length: number }>()
  for (const index of lists) {
    const list = values[index] as readonly ArgumentValue[]
    const found = conversions.flatMap((by) => runsOf(query.args, list, by).map((at) => ({ at, by })))
    // Found whole by several conversions at one place: they agree on values of this kind.
    const places = new Set(found.map(({ at }) => at))
    // A column that is a list takes the list as one parameter.
    if (
      places.size === 0 &&
      query.args.some((arg) => Array.isArray(arg) && sourcesOf(arg, [list]).length > 1)
    )
      continue
    if (places.size !== 1) return null
    const [{ at, by }] = found as [{ at: number; by: Conversion }]
    if (runs.has(at)) return null
    runs.set(at, { from: 'value', index, by: listOf(by), length: list.length })
  }
  const slots: Slot[] = []
  const fragments = [texts.fragments[0]!]
  const separators: string[] = []
  for (let at = 0; at < query.args.length;) {
    const run = runs.get(at)
    const argType = query.argTypes[at]
    if (run === undefined) {
      slots.push({ sources: sourcesOf(query.args[at], values), argType, isList: false })
      at++
    } else {
      const separator = texts.fragments[at + 1]!
      for (let item = 1; item < run.length; item++) {
        if (texts.fragments[at + item] !== separator || runs.has(at + item)) return null
        if (!isSameType(query.argTypes[at + item], argType)) return null
      }
      separators.push(separator)
      slots.push({ sources: [run], argType, isList: true })
      at += run.length
    }
    fragments.push(texts.fragments[at]!)
  }
  return make(query, fragments, separators, slots, texts.isNumbered)
}

/** Where all items of a list stand one behind the other. */
function runsOf(args: readonly unknown[], list: readonly ArgumentValue[], by: Conversion): number[] {
  const items = list.map((value) => by.apply(value))
  if (items.includes(undefined)) return []
  const starts: number[] = []
  // Lists of one value again and again would be compared at every place.
  let left = MOST_COMPARED * args.length
  for (let at = 0; at + items.length <= args.length; at++) {
    let same = 0
    while (same < items.length && left-- > 0 && isSameArg(args[at + same], items[same])) same++
    if (left <= 0) return []
    if (same === items.length) starts.push(at)
  }
  return starts
}

const MOST_COMPARED = 4

/** The driver may change what it gets. */
export function copyOfArg(arg: unknown): unknown {
  if (typeof arg !== 'object' || arg === null) return arg
  if (types.isDate(arg)) return new Date(+arg)
  if (Array.isArray(arg)) return arg.map(copyOfArg)
  return types.isUint8Array(arg) ? Uint8Array.from(arg) : arg
}

function sourcesOf(arg: unknown, values: readonly ArgumentValue[]): Source[] {
  const sources: Source[] = []
  for (const [index, value] of values.entries()) {
    if (Array.isArray(value) && !Array.isArray(arg)) continue
    for (const each of conversions) {
      for (const by of Array.isArray(value) ? [listOf(each)] : [each, listed(each)])
        if (isSameArg(by.apply(value), arg)) sources.push({ from: 'value', index, by })
    }
  }
  return [...sources, { from: 'constant', value: arg }]
}

const argOf = (source: Source, values: readonly ArgumentValue[]): unknown =>
  source.from === 'constant' ? copyOfArg(source.value) : source.by.apply(values[source.index]!)

function isSameArg(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (types.isDate(one)) return types.isDate(other) && +one === +other
  if (Array.isArray(one)) {
    if (!Array.isArray(other) || one.length !== other.length) return false
    return one.every((value, index) => isSameArg(value, other[index]))
  }
  return types.isUint8Array(one) && types.isUint8Array(other) && Buffer.from(one).equals(Buffer.from(other))
}

/** Types of parameters are small objects of names. */
function isSameType(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}

const listOf = (by: Conversion): Conversion => ({
  name: by.name,
  apply: (list) => (list as readonly ArgumentValue[]).map((value) => by.apply(value)),
})

/** The filter `has` asks for a list of one. */
const listed = (by: Conversion): Conversion => ({ name: by.name, apply: (value) => [by.apply(value)] })

const conversions: readonly Conversion[] = [
  {
    name: 'same',
    apply: (value) => (typeof value === 'object' || typeof value === 'bigint' ? undefined : value),
  },
  {
    name: 'digits',
    apply: (value) => {
      if (typeof value === 'bigint' || typeof value === 'number') return String(value)
      return isDecimal(value) ? value.toFixed() : undefined
    },
  },
  { name: 'date', apply: (value) => (types.isDate(value) ? new Date(+value) : undefined) },
  { name: 'isoText', apply: (value) => (types.isDate(value) ? value.toISOString() : undefined) },
  {
    name: 'base64',
    apply: (value) =>
      types.isUint8Array(value)
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
        : undefined,
  },
  { name: 'enum', apply: (value) => (isEnumValue(value) ? value.name : undefined) },
  { name: 'enumInDatabase', apply: (value) => (isEnumValue(value) ? value.dbName : undefined) },
  ...patterns(),
]

const isEnumValue = (value: ArgumentValue): value is EnumValue =>
  typeof value === 'object' && 'dbName' in value

/** `contains`, `startsWith` and `endsWith`. */
function patterns(): Conversion[] {
  const around = (name: string, before: string, after: string): Conversion => ({
    name,
    apply: (value) => (typeof value === 'string' ? `${before}${value}${after}` : undefined),
  })
  return [around('%…%', '%', '%'), around('…%', '', '%'), around('%…', '%', '')]
}
