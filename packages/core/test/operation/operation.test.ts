import { operationTraits } from '../../src/index.ts'
import { datamodelOf } from '../support/datamodel.ts'

const READS = [
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'count',
  'aggregate',
  'groupBy',
]
const WRITES = [
  'create',
  'createMany',
  'createManyAndReturn',
  'update',
  'updateMany',
  'updateManyAndReturn',
  'upsert',
  'delete',
  'deleteMany',
]
const names = (test: (operation: string) => boolean): string[] => [...READS, ...WRITES].filter(test)

test('every operation that Prisma gives a model is known', async () => {
  const { mappings } = await datamodelOf(
    'datasource db {\n provider = "postgresql"\n}\nmodel A {\n id Int @id\n}\n',
  )
  const [operations] = mappings.modelOperations
  const given = Object.keys(operations ?? {})
    .filter((name) => name !== 'model' && name !== 'plural')
    .map((name) => name.replace(/One$/, ''))
  expect(new Set([...given, 'count'])).toEqual(new Set([...READS, ...WRITES]))
})

test.each(READS)('%s reads', (operation) => {
  expect(operationTraits(operation)).toMatchObject({
    operation,
    kind: 'read',
    isKnown: true,
    isRead: true,
    isWrite: false,
    isRaw: false,
  })
})

test.each(WRITES)('%s writes', (operation) => {
  expect(operationTraits(operation)).toMatchObject({
    operation,
    kind: 'write',
    isKnown: true,
    isRead: false,
    isWrite: true,
    isRaw: false,
  })
})

test('raw operations read or write', () => {
  for (const operation of ['$queryRaw', '$queryRawUnsafe', '$queryRawTyped', 'findRaw', 'aggregateRaw'])
    expect(operationTraits(operation)).toMatchObject({ kind: 'rawRead', isRead: true, isRaw: true })
  for (const operation of ['$executeRaw', '$executeRawUnsafe', '$runCommandRaw'])
    expect(operationTraits(operation)).toMatchObject({ kind: 'rawWrite', isWrite: true, isRaw: true })
})

test.each(['findEverything', '', 'constructor', '__proto__'])(
  'the unknown operation %j is a write',
  (operation) => {
    expect(operationTraits(operation)).toMatchObject({
      kind: 'write',
      isKnown: false,
      isWrite: true,
      isRead: false,
      returnsMany: false,
    })
  },
)

test('the traits are those of the operations', () => {
  expect(names((name) => operationTraits(name).returnsMany)).toEqual([
    'findMany',
    'groupBy',
    'createManyAndReturn',
    'updateManyAndReturn',
  ])
  expect(names((name) => operationTraits(name).isAggregate)).toEqual(['count', 'aggregate', 'groupBy'])
  expect(names((name) => operationTraits(name).isUniqueRead)).toEqual(['findUnique', 'findUniqueOrThrow'])
  expect(names((name) => operationTraits(name).throwsWhenMissing)).toEqual([
    'findUniqueOrThrow',
    'findFirstOrThrow',
    'update',
    'delete',
  ])
  expect(names((name) => !operationTraits(name).takesSelection)).toEqual([
    'count',
    'aggregate',
    'groupBy',
    'createMany',
    'updateMany',
    'deleteMany',
  ])
  expect(names((name) => operationTraits(name).takesPage)).toEqual([
    'findFirst',
    'findFirstOrThrow',
    'findMany',
    'count',
    'aggregate',
    'groupBy',
  ])
  expect(names((name) => operationTraits(name).takesData)).toEqual([
    'create',
    'createMany',
    'createManyAndReturn',
    'update',
    'updateMany',
    'updateManyAndReturn',
    'upsert',
  ])
})

test('one operation has one object', () => {
  expect(operationTraits('findMany')).toBe(operationTraits('findMany'))
  expect(Object.isFrozen(operationTraits('findMany'))).toBe(true)
})
