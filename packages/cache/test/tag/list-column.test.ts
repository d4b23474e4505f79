import { parseSchema, type Field, type Model } from '@prisma-brisk/core'
import { fewestValues, listColumns, textOfTold, textOfValue } from '../../src/tag/list-column.ts'

const schema = parseSchema(
  `
enum Kind {
  A
  B
}

enum Mapped {
  A @map("a")
  B
}

model Owner {
  id   Int    @id
  rows Row[]
  key  String @unique
  more Row[]  @relation("key")
}

model Row {
  id        Int      @id
  ownerId   Int
  owner     Owner    @relation(fields: [ownerId], references: [id])
  ownerKey  String?
  byKey     Owner?   @relation("key", fields: [ownerKey], references: [key])
  big       BigInt
  ref       String   @db.Uuid
  kind      Kind
  mapped    Mapped
  isOpen    Boolean
  price     Decimal
  at        DateTime
  made      Int      @default(dbgenerated("1"))
  plain     Int
  tags      Int[]

  @@unique([big, id])
  @@index([ref])
  @@index([kind, plain])
  @@index([mapped])
  @@index([isOpen])
  @@index([price])
  @@index([at])
  @@index([made])
  @@index([tags])
}`,
  'inline',
)
const model = schema.models.get('Row') as Model
const columns = listColumns(schema, model)
const field = (name: string) => model.fields.get(name) as Field

test('lists are told apart by foreign keys and first columns of indexes whose equality is known', () => {
  expect(columns.map(({ name }) => name)).toEqual(['ownerId', 'big', 'ref', 'kind', 'isOpen'])
})

test.each<[string, unknown, unknown]>([
  ['a value', { ownerId: 7 }, ['ownerId', ['7']]],
  ['a value and more', { ownerId: 7, plain: { gt: 3 }, OR: [{ plain: 1 }] }, ['ownerId', ['7']]],
  ['equals', { ownerId: { equals: 7 } }, ['ownerId', ['7']]],
  ['in', { ownerId: { in: [9, 7, 9] } }, ['ownerId', ['7', '9']]],
  ['AND', { AND: [{ plain: 1 }, { AND: { ownerId: 7 } }] }, ['ownerId', ['7']]],
  ['the fewest values', { ownerId: { in: [1, 2] }, kind: 'A' }, ['kind', ['A']]],
  ['a bigint', { big: 7n }, ['big', ['7']]],
  ['a number for a bigint', { big: 7 }, ['big', ['7']]],
  ['a boolean', { isOpen: false }, ['isOpen', ['false']]],
  [
    'a uuid',
    { ref: '3f2a0c1e-0000-4000-8000-00000000000a' },
    ['ref', ['3f2a0c1e-0000-4000-8000-00000000000a']],
  ],
  ['a uuid that is spelled otherwise', { ref: '3F2A0C1E-0000-4000-8000-00000000000A' }, null],
  ['null', { isOpen: null }, ['isOpen', [null]]],
  ['undefined', { ownerId: undefined }, null],
  ['a column beside', { plain: 7 }, null],
  ['OR', { OR: [{ ownerId: 7 }] }, null],
  ['NOT', { NOT: { ownerId: 7 } }, null],
  ['not', { ownerId: { not: 7 } }, null],
  ['two conditions', { ownerId: { equals: 7, not: 8 } }, null],
  ['too many values', { ownerId: { in: [1, 2, 3, 4, 5] } }, null],
  ['no value', { ownerId: { in: [] } }, null],
  ['a value of another type', { ownerId: '7' }, null],
  ['one of several of another type', { ownerId: { in: [1, '7'] } }, null],
  ['a number that is none', { ownerId: 2 ** 60 }, null],
  ['another column', { ownerId: { equals: { _ref: 'id' } } }, null],
  ['what is inherited', Object.create({ ownerId: 7 }), null],
])('of a `where`, %s', (_, where, expected) => {
  const found = fewestValues(columns, where)
  expect(found === null ? null : [found.field.name, found.texts]).toEqual(expected)
})

test.each<[string, string, string | null | undefined]>([
  ['ownerId', '007', '7'],
  ['ownerId', '-7', '-7'],
  ['ownerId', '7.0', undefined],
  ['big', '9007199254740993', '9007199254740993'],
  ['isOpen', 'true', 'true'],
  ['isOpen', 't', 'true'],
  ['isOpen', '0', 'false'],
  ['isOpen', '2', undefined],
  ['kind', 'A', 'A'],
  ['ref', '3F2A0C1E-0000-4000-8000-00000000000A', undefined],
])('of what a source tells of %s, %s is %s', (name, told, expected) => {
  expect(textOfTold(field(name), told)).toBe(expected)
  expect(textOfTold(field(name), null)).toBeNull()
})

test('equal values have equal texts, whoever tells them', () => {
  expect(textOfValue(field('big'), 7n)).toBe(textOfTold(field('big'), '7'))
  expect(textOfValue(field('ownerId'), -0)).toBe(textOfTold(field('ownerId'), '-0'))
  expect(textOfValue(field('isOpen'), true)).toBe(textOfTold(field('isOpen'), 'true'))
})
