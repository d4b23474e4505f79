/** What is known of an expression's value without running it. */
export type StaticValue =
  | ObjectValue
  | { readonly kind: 'array'; readonly items: readonly StaticValue[]; readonly isOpen: boolean }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'undefined' }
  /** A value that is no object Prisma would read further: a string, a date, an id. */
  | { readonly kind: 'scalar' }
  /** One of several, and which one is not known. */
  | { readonly kind: 'choice'; readonly options: readonly StaticValue[] }
  | { readonly kind: 'unknown' }

export interface ObjectValue {
  readonly kind: 'object'
  readonly entries: ReadonlyMap<string, ObjectEntry>
  /** It may have entries that are not known. */
  readonly isOpen: boolean
}

export interface ObjectEntry {
  readonly value: StaticValue
  /** Present only in some runs. */
  readonly isOptional: boolean
}

export const unknownValue: StaticValue = { kind: 'unknown' }
export const scalarValue: StaticValue = { kind: 'scalar' }
export const undefinedValue: StaticValue = { kind: 'undefined' }
export const openObject: ObjectValue = { kind: 'object', entries: new Map(), isOpen: true }

export function literalValue(value: string | number | boolean | null): StaticValue {
  return { kind: 'literal', value }
}

/** Equal options are one; a choice of one is that one. */
export function choice(options: readonly StaticValue[]): StaticValue {
  const flat = options.flatMap((each) => (each.kind === 'choice' ? each.options : [each]))
  const different = new Map(flat.map((each) => [describe(each), each]))
  const [only] = different.values()
  return different.size === 1 && only !== undefined
    ? only
    : { kind: 'choice', options: [...different.values()] }
}

/** `{ ...base, ...over }` */
export function spread(base: ObjectValue, over: StaticValue): ObjectValue {
  switch (over.kind) {
    case 'object': {
      const entries = new Map(base.entries)
      for (const [name, entry] of over.entries) {
        const known = base.entries.get(name)
        entries.set(
          name,
          entry.isOptional && known !== undefined
            ? { value: choice([known.value, entry.value]), isOptional: known.isOptional }
            : entry,
        )
      }
      return { kind: 'object', entries, isOpen: base.isOpen || over.isOpen }
    }
    case 'choice': {
      const results = over.options.map((option) => spread(base, option))
      return anyOf(results)
    }
    // `...(condition && { … })` spreads false, `...undefined` nothing.
    case 'undefined':
    case 'literal':
      return base
    default:
      return { ...base, isOpen: true }
  }
}

/** What holds of each of the objects: an entry that some of them lack is optional. */
export function anyOf(objects: readonly ObjectValue[]): ObjectValue {
  const names = new Set(objects.flatMap((each) => [...each.entries.keys()]))
  const entries = new Map<string, ObjectEntry>()
  for (const name of names) {
    const found = objects.flatMap((each) => each.entries.get(name) ?? [])
    entries.set(name, {
      value: choice(found.map((each) => each.value)),
      isOptional: found.length < objects.length || found.some((each) => each.isOptional),
    })
  }
  return { kind: 'object', entries, isOpen: objects.some((each) => each.isOpen) }
}

/** The entry, with an `undefined` among its options read as being absent. */
export function entryOf(object: ObjectValue, name: string): ObjectEntry | undefined {
  const entry = object.entries.get(name)
  return entry === undefined ? undefined : withoutUndefined(entry)
}

export function withoutUndefined(entry: ObjectEntry): ObjectEntry | undefined {
  if (entry.value.kind === 'undefined') return undefined
  if (entry.value.kind !== 'choice') return entry
  const options = entry.value.options.filter((each) => each.kind !== 'undefined')
  if (options.length === 0) return undefined
  return {
    value: choice(options),
    isOptional: entry.isOptional || options.length < entry.value.options.length,
  }
}

/** The objects a value may be: itself, or the options of a choice; null when it may be something else. */
export function objectsOf(value: StaticValue): ObjectValue[] | null {
  if (value.kind === 'object') return [value]
  if (value.kind !== 'choice') return null
  const objects = value.options.map((each) => (each.kind === 'object' ? each : null))
  return objects.every((each) => each !== null) ? objects : null
}

/** The objects a value is or holds: itself, the options of a choice, the items of a list. */
export function objectsIn(value: StaticValue | undefined): ObjectValue[] {
  if (value === undefined) return []
  if (value.kind === 'array') return value.items.flatMap(objectsIn)
  return objectsOf(value) ?? []
}

function describe(value: StaticValue): string {
  switch (value.kind) {
    case 'object': {
      const entries = [...value.entries].map(
        ([name, each]) => `${name}${each.isOptional ? '?' : ''}:${describe(each.value)}`,
      )
      return `{${entries.join(',')}${value.isOpen ? '…' : ''}}`
    }
    case 'array':
      return `[${value.items.map(describe).join(',')}${value.isOpen ? '…' : ''}]`
    case 'literal':
      return JSON.stringify(value.value)
    case 'choice':
      return `(${value.options.map(describe).join('|')})`
    default:
      return value.kind
  }
}
