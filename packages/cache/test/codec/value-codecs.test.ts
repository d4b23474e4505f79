import { Decimal } from '@prisma/client-runtime-utils'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { UnserialisableValueError } from '../../src/errors.ts'
import { msgpackr } from '../../src/codec/msgpackr.ts'
import { taggedJson, type ValueCodec } from '../../src/codec/payload.ts'
import { copyValue } from '../../src/codec/value-copy.ts'

const RUNS = Number(process.env.BRISK_SEEDS ?? 300)

/** Text that may pass for a tag, or has no form in UTF-8. */
const text = fc.oneof(
  fc.string({
    maxLength: 8,
    unit: fc.constantFrom('$', 'd', 'w', 'u', '1', 'ü', '😀', '\ud800', '\udc00', '"', '\\'),
  }),
  fc.string({ maxLength: 40, unit: 'binary' }),
)
const key = fc.oneof(
  fc.constantFrom('id', 'name', '__proto__', 'constructor', '$', '$u', '10', '9', '', 'toJSON'),
  fc.string({ maxLength: 8, unit: 'grapheme' }),
)
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.constantFrom(
    null,
    undefined,
    true,
    false,
    0,
    -0,
    NaN,
    Infinity,
    -Infinity,
    2 ** 32,
    -(2 ** 31),
    2 ** 53,
    1e-320,
  ),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  fc.integer({ min: -10_000, max: 5_000_000_000 }).map((seconds) => new Date(seconds * 1000 + 1)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom('0', '-0', '1.10', '12345678901234567890.123456789', '1e-30', '-5e+40')
    .map((digits) => new Decimal(digits)),
)
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 6 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 6 }).map(fromEntries),
  ),
})).value

/** Rows of one shape, as most results are. */
const rows = fc
  .tuple(
    fc.uniqueArray(key, { minLength: 1, maxLength: 6 }),
    fc.array(fc.array(leaf, { minLength: 6, maxLength: 6 }), { maxLength: 20 }),
  )
  .map(([names, lists]) => lists.map((list) => fromEntries(names.map((name, index) => [name, list[index]]))))

const codecs: readonly ValueCodec[] = [taggedJson, msgpackr]

describe.each(codecs.map((codec) => [codec.name, codec] as const))('the codec %s', (_, codec) => {
  test('C29 brings every value back exactly', () => {
    fc.assert(
      fc.property(fc.oneof(value, rows), (given) => {
        const before = copyValue(given)
        expectSame(codec.decode(codec.encode(given), Decimal), given)
        expectSame(given, before)
      }),
      { numRuns: RUNS * 2 },
    )
  })

  test('C29 hundreds of different shapes in one value come back', () => {
    const shapes = Array.from({ length: 500 }, (__, index) => ({
      [`field ${index}`]: index,
      [`other ${index % 7}`]: null,
    }))
    expectSame(codec.decode(codec.encode([...shapes, ...shapes]), Decimal), [...shapes, ...shapes])
  })

  test('C30 each decoded value is a separate copy, whatever is encoded afterwards', () => {
    const encoded = codec.encode([{ bytes: new Uint8Array([1, 2, 3]), at: new Date(1) }])
    const first = codec.decode(encoded, Decimal) as [{ bytes: Uint8Array; at: Date }]
    codec.encode([{ bytes: new Uint8Array(9).fill(7) }])
    const second = codec.decode(encoded, Decimal)
    first[0].bytes[0] = 9
    first[0].at.setTime(2)
    expectSame(second, [{ bytes: new Uint8Array([1, 2, 3]), at: new Date(1) }])
  })

  test('C29 what would not come back exactly is refused', () => {
    for (const bad of [
      () => 1,
      Symbol('a'),
      new Map(),
      new Set(),
      /a/,
      new (class Own {})(),
      new Error('no'),
    ]) {
      expect(() => codec.encode({ deep: [bad] })).toThrow(UnserialisableValueError)
    }
    expect(() => codec.decode(codec.encode(new Decimal(1)), null)).toThrow(UnserialisableValueError)
  })
})

test('C23 what another codec has encoded is refused, or is not taken for a result', () => {
  for (const foreign of ['', 'x', '{"a":1}', taggedJson.encode([{ id: 1 }])]) {
    let decoded: unknown
    try {
      decoded = msgpackr.decode(foreign, Decimal)
    } catch {
      continue
    }
    expect(decoded).not.toEqual([{ id: 1 }])
  }
})

function fromEntries(entries: readonly (readonly [string, unknown])[]): unknown {
  const result = {}
  for (const [name, each] of entries) {
    Object.defineProperty(result, name, { value: each, configurable: true, enumerable: true, writable: true })
  }
  return result
}

/** Strict: prototypes, -0, NaN and the order of keys count. */
function expectSame(actual: unknown, expected: unknown): void {
  assert.deepStrictEqual(actual, expected)
  expect(orderOf(actual)).toBe(orderOf(expected))
}

function orderOf(each: unknown): string {
  if (typeof each !== 'object' || each === null || ArrayBuffer.isView(each)) return ''
  return Object.entries(each)
    .map(([name, inner]) => `${name}(${orderOf(inner)})`)
    .join()
}
