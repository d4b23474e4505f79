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

/** Shaped as `prisma.user.fields.name` is; the class itself is private to Prisma. */
export class FieldRefLike {
  constructor(
    readonly modelName: string,
    readonly name: string,
    readonly typeName = 'String',
    readonly isList = false,
    readonly isEnum = false,
  ) {}

  _toGraphQLInputType(): string {
    return `${this.typeName}FieldRefInput<${this.modelName}>`
  }
}

/** Small pools, so that equal values, and values that only look equal, meet often. */
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    null,
    undefined,
    true,
    false,
    0,
    -0,
    1,
    1.5,
    NaN,
    Infinity,
    -Infinity,
    1e21,
    2 ** 53,
    0n,
    1n,
    -1n,
    2n ** 64n,
    '',
    '1',
    '0',
    'null',
    'true',
    's1:1',
    ',',
    '}',
    ']',
    '\ud800',
    '\udc00',
    '\ufffd',
    'é',
    'é',
    DbNull,
    JsonNull,
    AnyNull,
  ),
  fc
    .constantFrom('1', '1.0', '1.50', '1.5', '0', '-0', 'NaN', 'Infinity', '1e30', '0.1')
    .map((text) => new Decimal(text)),
  fc.constantFrom(0, 1, 1.5e12, NaN).map((time) => new Date(time)),
  fc.uint8Array({ maxLength: 3, max: 2 }),
  fc.uint8Array({ maxLength: 3, max: 2 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ maxLength: 4, unit: 'binary' }),
  fc.double(),
  fc.bigInt(),
)

const KEYS = [
  'where',
  'a',
  'b',
  'id',
  'AND',
  'OR',
  'equals',
  'not',
  'data',
  '__proto__',
  '',
  '1',
  '10',
  '2',
  'a:n1',
  'toString',
]

const fieldReference = fc
  .tuple(fc.constantFrom('User', 'Post'), fc.constantFrom('id', 'name'))
  .map(([model, name]) => new FieldRefLike(model, name))

const sql = fc
  .array(leaf, { maxLength: 2 })
  .chain((values) =>
    fc.constantFrom<unknown>(
      new Sql([...values.map(() => 'x'), 'y'], values as never[]),
      makeTypedQueryFactory('x')(...values),
    ),
  )

/** Nested objects and arrays of `leaves`. */
function nested(...leaves: fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      tie('array'),
      tie('object'),
      ...leaves,
    ),
    array: fc.oneof(fc.array(tie('value'), { maxLength: 3 }), fc.sparseArray(tie('value'), { maxLength: 3 })),
    object: objectOf(tie('value')),
  })).value
}

function objectOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .uniqueArray(fc.tuple(fc.constantFrom(...KEYS), value), { maxLength: 4, selector: ([key]) => key })
    .map(fromEntries)
}

/** Every value that canonical arguments can hold. */
export const prismaValue = nested(sql, fieldReference, fc.constant(skip))

/** The arguments of a model operation, of values that Prisma's own copy keeps, whichever copy of its runtime made them. */
export const prismaArgs = objectOf(nested())

/** An object with these own keys, `__proto__` among them. */
export function fromEntries(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const [key, value] of entries)
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  return object
}
