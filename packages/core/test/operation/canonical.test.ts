import {
  AnyNull,
  DbNull,
  Decimal,
  JsonNull,
  makeTypedQueryFactory,
  skip,
  Sql,
} from '@prisma/client/runtime/client'
import fc from 'fast-check'
import { runInNewContext } from 'node:vm'
import { canonicalize, CyclicArgumentsError, identity } from '../../src/index.ts'
import { FieldRefLike, fromEntries, prismaValue } from '../support/prisma-values.ts'

const RUNS = Number(process.env.BRISK_SEEDS ?? 400)

test('the text is equal exactly when the values are, types included', () => {
  let equal = 0
  fc.assert(
    fc.property(prismaValue, prismaValue, (a, b) => {
      const same = sameValue(a, b)
      if (same) equal++
      expect(canonicalize(a) === canonicalize(b)).toBe(same)
    }),
    { numRuns: RUNS * 10 },
  )
  expect(equal).toBeGreaterThan(0)
})

test('the text of a copy is the text', () => {
  fc.assert(
    fc.property(prismaValue, (value) => {
      const copied = copy(value)
      expect(sameValue(value, copied)).toBe(true)
      expect(canonicalize(copied)).toBe(canonicalize(value))
    }),
    { numRuns: RUNS },
  )
})

test('a changed leaf changes the text', () => {
  fc.assert(
    fc.property(prismaValue, prismaValue, prismaValue, (value, from, to) => {
      fc.pre(!sameValue(from, to))
      expect(canonicalize({ value, x: { y: [from] } })).not.toBe(canonicalize({ value, x: { y: [to] } }))
    }),
    { numRuns: RUNS },
  )
})

test('no text can pass for structure', () => {
  const text = fc.string({
    maxLength: 3,
    unit: fc.constantFrom('a', ',', ':', '{', '}', '[', ']', 's', 'n', '1'),
  })
  fc.assert(
    fc.property(text, text, (x, y) => {
      const list = canonicalize([x, y])
      expect(canonicalize([forge(list, canonicalize(['#']))])).not.toBe(list)
      const object = canonicalize({ a: x, [`b${y}`]: x })
      expect(canonicalize({ a: forge(object, canonicalize({ a: '#' })) })).not.toBe(object)
      expect(canonicalize({ [forge(object, canonicalize({ '#': x }))]: x })).not.toBe(object)
    }),
    { numRuns: RUNS },
  )
})

/** What would have to stand in the place of `#` for the template to read as the text. */
function forge(text: string, template: string): string {
  const [before = '', after = ''] = template.split('#')
  return text.slice(before.length, text.length - after.length)
}

test('keys may stand in any order, but in JSON', () => {
  expect(canonicalize({ where: { a: 1, b: { c: 1, d: 2 } }, take: 1 })).toBe(
    canonicalize({ take: 1, where: { b: { d: 2, c: 1 }, a: 1 } }),
  )
  expect(canonicalize({ where: { meta: { equals: { a: 1, b: 2 } } } })).not.toBe(
    canonicalize({ where: { meta: { equals: { b: 2, a: 1 } } } }),
  )
  expect(canonicalize({ data: { meta: { a: 1, b: 2 } } })).not.toBe(
    canonicalize({ data: { meta: { b: 2, a: 1 } } }),
  )
  expect(canonicalize(['select ?', { a: 1, b: 2 }])).not.toBe(canonicalize(['select ?', { b: 2, a: 1 }]))
})

test('the order of arrays counts', () => {
  expect(canonicalize({ orderBy: [{ a: 'asc' }, { b: 'asc' }] })).not.toBe(
    canonicalize({ orderBy: [{ b: 'asc' }, { a: 'asc' }] }),
  )
})

/** Each row: values that look alike and are not. */
test.each([
  [[1, 1n, '1', new Decimal(1), true]],
  [[null, undefined, DbNull, JsonNull, AnyNull, skip, 'null', 'DbNull', {}]],
  [[{}, { a: undefined }, { a: null }, { a: skip }, []]],
  [[0, -0, '0', 0n, new Decimal(0)]],
  [[NaN, 'NaN', new Date(NaN), new Decimal(NaN)]],
  [[new Date(5), 5, new Date(5).toISOString(), '5']],
  [[Buffer.from('a'), 'a', ['a'], [97], { 0: 97 }]],
  [[['a', 'b'], ['a,b'], [['a'], 'b'], 'a,b', { 0: 'a', 1: 'b' }]],
  [[[1, 23], [12, 3], [123]]],
  [[{ a: 'b', c: 'd' }, { a: 'b,c:d' }, { 'a:b,c': 'd' }]],
  [['\ud800', '\udc00', '\ufffd', '\\ud800']],
  [['e\u0301', '\u00e9']],
  [[JSON.parse('{"__proto__": 1}'), {}, { constructor: 1 }]],
  [[new FieldRefLike('User', 'name'), new FieldRefLike('Post', 'name'), { modelName: 'User', name: 'name' }]],
  [
    [
      new Sql(['a', 'b'], [1]),
      new Sql(['a', 'b'], [2]),
      new Sql(['a', 'c'], [1]),
      { strings: ['a', 'b'], values: [1] },
    ],
  ],
  [
    [
      () => 1,
      () => 1,
      Symbol('a'),
      Symbol('a'),
      Symbol.for('a'),
      new Map([[1, 2]]),
      new Map([[1, 2]]),
      new Set(),
    ],
  ],
] as const)('%j are all different', (values: readonly unknown[]) => {
  const texts = values.map((value) => canonicalize({ value }))
  expect(new Set(texts).size).toBe(values.length)
  expect(new Set(texts.map(identity)).size).toBe(values.length)
})

/** Each row: one value in several forms. */
test.each([
  [
    [
      new Decimal('1.50'),
      new Decimal(1.5),
      { s: 1, e: 0, d: [1, 5000000], toFixed: () => '1.5', __proto__: { own: 1 } },
    ],
  ],
  [
    [
      Buffer.from([1, 2]),
      new Uint8Array([1, 2]),
      new Uint8Array([0, 1, 2, 3]).subarray(1, 3),
      runInNewContext('new Uint8Array([1, 2])'),
    ],
  ],
  [[new Date(5), runInNewContext('new Date(5)')]],
  [[Object.assign(Array(3), { 0: 1, 2: 2 }), [1, undefined, 2]]],
  [
    [
      { a: 1 },
      runInNewContext('({ a: 1 })'),
      Object.assign(Object.create(null), { a: 1 }),
      new (class {
        a = 1
      })(),
    ],
  ],
  [[{ toJSON: () => [1] }, { toJSON: () => [1], other: 2 }]],
] as const)('%j are one', (values: readonly unknown[]) => {
  expect(new Set(values.map((value) => canonicalize({ value }))).size).toBe(1)
})

test('what a prototype says does not hide what the arguments say', () => {
  const prototypes: object[] = [
    new Decimal(1),
    new Date(5),
    DbNull,
    skip,
    new Sql(['a'], []),
    makeTypedQueryFactory('a')(),
    new FieldRefLike('User', 'name'),
    { sql: 'a', values: [] },
    { toJSON: () => 1 },
  ]
  for (const prototype of prototypes) {
    const texts = [1, 2].map((id) => canonicalize(Object.assign(Object.create(prototype), { where: { id } })))
    expect(texts[0]).not.toBe(texts[1])
  }
})

test('what contains itself is refused, what is only deep or shared is not', () => {
  const cyclic: Record<string, unknown> = { a: [{}] }
  ;(cyclic['a'] as object[]).push({ back: cyclic, again: cyclic })
  expect(() => canonicalize({ where: cyclic })).toThrow(CyclicArgumentsError)
  expect(() => canonicalize(cyclic)).toThrow(expect.objectContaining({ code: 'E_CYCLIC_ARGUMENTS' }))
  const shared = { id: 1 }
  expect(canonicalize([shared, shared])).toBe(canonicalize([{ id: 1 }, { id: 1 }]))
  let deep: unknown = 1
  for (let level = 0; level < 1000; level++) deep = { NOT: deep }
  expect(canonicalize(deep)).toContain('n1')
})

test('the identity is SHA-256 in base64url', () => {
  expect(identity('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')
  expect(identity('é')).toHaveLength(43)
})

/** Equality as the canonical form means it, written down the slow way. */
function sameValue(a: unknown, b: unknown, ordered = false): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  const kind = kindOf(a)
  if (kind !== kindOf(b)) return false
  switch (kind) {
    case 'date':
      return Object.is((a as Date).getTime(), (b as Date).getTime())
    case 'bytes':
      return Buffer.compare(a as Uint8Array, b as Uint8Array) === 0
    case 'decimal':
      return (a as Decimal).toFixed() === (b as Decimal).toFixed()
    case 'field':
      return sameKeys(a, b, true)
    case 'sql': {
      const [left, right] = [a as Sql, b as Sql]
      return sameValue(left.strings, right.strings, true) && sameValue(left.values, right.values, true)
    }
    case 'typedSql': {
      const [left, right] = [a as Sql, b as Sql]
      return left.sql === right.sql && sameValue(left.values, right.values, true)
    }
    case 'unique':
      return a === b
    case 'array': {
      const [left, right] = [a as unknown[], b as unknown[]]
      if (left.length !== right.length) return false
      for (let index = 0; index < left.length; index++)
        if (!sameValue(left[index], right[index], ordered)) return false
      return true
    }
    default:
      return sameKeys(a, b, ordered)
  }
}

const JSON_KEYS = [
  'equals',
  'not',
  'array_contains',
  'array_starts_with',
  'array_ends_with',
  'data',
  'create',
  'update',
]

function sameKeys(a: object, b: object, ordered: boolean): boolean {
  const [left, right] = [Object.entries(a), Object.entries(b)]
  if (left.length !== right.length) return false
  return left.every(([key, value], index) => {
    const other = ordered ? right[index] : right.find(([name]) => name === key)
    return (
      other !== undefined &&
      other[0] === key &&
      sameValue(value, other[1], ordered || JSON_KEYS.includes(key))
    )
  })
}

function kindOf(value: object): string {
  if (value instanceof Date) return 'date'
  if (value instanceof Uint8Array) return 'bytes'
  if (Decimal.isDecimal(value)) return 'decimal'
  if (value instanceof FieldRefLike) return 'field'
  if (value instanceof Sql) return 'sql'
  if (Array.isArray(value)) return 'array'
  if (value === DbNull || value === JsonNull || value === AnyNull || value === skip) return 'unique'
  if (Object.getPrototypeOf(value) !== Object.prototype) return 'typedSql'
  return 'object'
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  switch (kindOf(value)) {
    case 'date':
      return new Date(value as Date)
    case 'bytes':
      return Uint8Array.from(value as Uint8Array)
    case 'decimal':
      return new Decimal((value as Decimal).toFixed())
    case 'array':
      return Array.from(value as unknown[], copy)
    case 'object':
      return fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each)]))
    default:
      return value
  }
}
