import type { Random } from '../../../support/random.ts'
import { ROWS, type Column, type EveryType } from './every-type.ts'

/** A read without its values: asked for with a random, it gives the arguments of one call. */
export interface ReadShape {
  readonly model: 'thing' | 'part'
  readonly operation: string
  readonly args: (random: Random) => Record<string, unknown>
}

type Make<T = unknown> = (random: Random) => T

const NEVER = {
  at:
    (value: unknown): Make =>
    () =>
      value,
}

/** What applications ask for most, and everything else that a read without relations takes. */
export function randomRead(random: Random, types: EveryType): ReadShape {
  const model = random.chance(0.75) ? 'thing' : 'part'
  const operation = random.pick([
    'findMany',
    'findMany',
    'findFirst',
    'findFirstOrThrow',
    'findUnique',
    'findUniqueOrThrow',
  ])
  const columns = model === 'thing' ? types.columns : types.required
  const isUnique = operation.startsWith('findUnique')
  const parts: [string, Make][] = []
  if (isUnique) parts.push(['where', uniqueWhere(random, model, types)])
  else if (random.chance(0.8)) parts.push(['where', where(random, model, types, 0)])
  if (random.chance(0.3)) parts.push(selection(random, columns))
  if (!isUnique) {
    parts.push(['orderBy', NEVER.at(order(random, model, columns))])
    if (random.chance(0.5))
      parts.push([
        'take',
        random.chance(0.5) ? NEVER.at(random.int(0, 9)) : number(random.chance(0.1) ? -3 : 0, 12),
      ])
    if (random.chance(0.2)) parts.push(['skip', number(0, 12)])
    if (random.chance(0.04)) parts.push(['distinct', NEVER.at(['id'].slice(0, model === 'thing' ? 1 : 0))])
    if (random.chance(0.03) && model === 'thing')
      parts.push(['cursor', (each) => ({ id: each.int(1, ROWS) })])
  }
  if (random.chance(0.03) && model === 'thing') parts.push(['include', NEVER.at({ parts: true })])
  return {
    model,
    operation,
    args: (each) => Object.fromEntries(parts.map(([name, make]) => [name, make(each)])),
  }
}

const number =
  (min: number, max: number): Make =>
  (each) =>
    each.int(min, max)

function uniqueWhere(random: Random, model: string, types: EveryType): Make {
  const extra = random.chance(0.15) ? where(random, model, types, 2) : () => ({})
  const keys: Make<object>[] =
    model === 'thing'
      ? [
          (each) => ({ id: each.int(1, ROWS + 5) }),
          (each) => ({ id: each.int(1, ROWS + 5) }),
          (each) => ({ code: `code ${each.int(1, ROWS + 5)}` }),
          (each) => ({ id: each.int(1, ROWS), code: `code ${each.int(1, ROWS)}` }),
        ]
      : [
          (each) => ({ left_right: { left: each.int(0, 3), right: each.int(1, ROWS) } }),
          (each) => ({ place: { thingId: each.int(1, ROWS), left: each.int(0, 3) } }),
        ]
  const key = random.pick(keys)
  return (each) => ({ ...(extra(each) as object), ...key(each) })
}

function where(random: Random, model: string, types: EveryType, depth: number): Make {
  const columns = model === 'thing' ? types.columns : types.required
  const conditions = random.list(depth === 0 ? 1 : 0, 3, (): [string, Make] => {
    const kind = random.next()
    if (kind < 0.12 && depth < 3) {
      const arms = random.list(0, 3, () => where(random, model, types, depth + 1))
      const isLone = random.chance(0.3)
      const [arm] = arms
      return [
        random.pick(['AND', 'OR', 'NOT']),
        isLone && arm !== undefined ? arm : (each) => arms.map((make) => make(each)),
      ]
    }
    if (kind < 0.2 && depth < 3) return relation(random, model, types, depth)
    if (kind < 0.3) return keyColumn(random, model)
    const column = random.pick(columns)
    return [column.name, condition(random, column)]
  })
  return (each) => Object.fromEntries(conditions.map(([name, make]) => [name, make(each)]))
}

function keyColumn(random: Random, model: string): [string, Make] {
  const handedOver = random.chance(0.3) ? asHandedOver : asGiven
  if (model === 'part') return ['left', number(0, 3)]
  const make: Make = (each) => each.int(1, ROWS)
  return random.pick<[string, Make]>([
    ['id', make],
    ['id', (each) => ({ in: handedOver(each.list(0, 6, () => each.int(1, ROWS))) })],
    ['parentId', make],
    ['parentId', NEVER.at(null)],
    ['code', (each) => ({ startsWith: `code ${each.int(1, 4)}` })],
  ])
}

function relation(random: Random, model: string, types: EveryType, depth: number): [string, Make] {
  if (model === 'part') {
    const inner = where(random, 'thing', types, depth + 1)
    return ['thing', random.chance(0.5) ? inner : (each) => ({ is: inner(each) })]
  }
  const name = random.pick(['parent', 'children', 'parts'])
  if (name === 'parent' && random.chance(0.2)) return ['parent', NEVER.at(null)]
  const inner = where(random, name === 'parts' ? 'part' : 'thing', types, depth + 1)
  const filter = name === 'parent' ? random.pick(['is', 'isNot', '']) : random.pick(['some', 'every', 'none'])
  return [name, filter === '' ? inner : (each) => ({ [filter]: inner(each) })]
}

/** Batching hands lists of plain values over as what Prisma need not copy. */
const asHandedOver = (list: readonly unknown[]): unknown =>
  list.every((each) => typeof each === 'string' || typeof each === 'number') ? { toJSON: () => list } : list

const asGiven = (list: readonly unknown[]): unknown => list

const anyOf =
  (column: Column): Make =>
  (each) =>
    each.pick(column.values)

function condition(random: Random, column: Column): Make {
  if (random.chance(0.03)) return odd(random, column)
  if (column.filters.length === 0)
    return random.chance(0.5) && column.type === 'Json' ? NEVER.at({ equals: [] }) : NEVER.at(undefined)
  const value = anyOf(column)
  if (column.isList !== true && random.chance(0.4)) return random.chance(0.1) ? NEVER.at(null) : value
  const filters = random.sample(column.filters, random.chance(0.8) ? 1 : 2).map((name): [string, Make] => {
    if (
      name === 'in' ||
      name === 'notIn' ||
      name === 'hasEvery' ||
      name === 'hasSome' ||
      (column.isList === true && name === 'equals')
    ) {
      const most = random.pick([1, 3, 8])
      const isHandedOver = column.isList !== true && random.chance(0.2)
      const handedOver = isHandedOver ? asHandedOver : asGiven
      return [name, (each) => handedOver(each.list(0, most, () => each.pick(column.values)))]
    }
    if (name === 'isEmpty') return [name, NEVER.at(random.chance(0.5))]
    if (name === 'not' && random.chance(0.3))
      return [name, random.chance(0.5) ? NEVER.at(null) : (each) => ({ equals: each.pick(column.values) })]
    if (name === 'equals' && random.chance(0.2)) return [name, NEVER.at(null)]
    return [name, value]
  })
  if (
    column.type === 'String' &&
    random.chance(0.2) &&
    filters.every(([name]) => !['in', 'notIn'].includes(name))
  )
    filters.push(['mode', NEVER.at(random.pick(['insensitive', 'default']))])
  return (each) => Object.fromEntries(filters.map(([name, make]) => [name, make(each)]))
}

/** Values that Prisma refuses, or takes for others. */
function odd(random: Random, column: Column): Make {
  return random.pick<Make>([
    NEVER.at('a text'),
    NEVER.at(Number.NaN),
    NEVER.at(2 ** 40),
    NEVER.at(-0),
    NEVER.at(1.5),
    NEVER.at(new Date(Number.NaN)),
    NEVER.at('2024-02-29T12:34:56.789Z'),
    NEVER.at(undefined),
    NEVER.at({}),
    NEVER.at({ in: [null] }),
    NEVER.at('nothing of the kind'),
    (each) => (each.chance(0.5) ? each.pick(column.values) : 'a text'),
    (each) => (each.chance(0.5) ? each.pick(column.values) : null),
    (each) => (each.chance(0.5) ? each.pick(column.values) : String(each.pick(column.values))),
  ])
}

function selection(random: Random, columns: readonly Column[]): [string, Make] {
  const names = random.sample(
    ['id', ...columns.map(({ name }) => name)].filter((name) => name !== 'id' || columns.length > 8),
    random.int(1, 6),
  )
  const isSelect = random.chance(0.6)
  const flags = Object.fromEntries(names.map((name) => [name, random.chance(0.9)]))
  return [isSelect ? 'select' : 'omit', NEVER.at(flags)]
}

function order(random: Random, model: string, columns: readonly Column[]): unknown {
  const last =
    model === 'thing' ? [{ id: random.pick(['asc', 'desc']) }] : [{ left: 'asc' }, { right: 'desc' }]
  const sortable = columns.filter(({ canSort }) => canSort)
  const first = random
    .sample(sortable, random.int(0, 2))
    .map(({ name }) => ({ [name]: random.pick(['asc', 'desc']) }))
  return random.chance(0.2) && first.length === 0 && last.length === 1 ? last[0] : [...first, ...last]
}
