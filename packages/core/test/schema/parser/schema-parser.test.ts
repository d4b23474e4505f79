import { forSeeds } from '../../../../../test/support/random.ts'
import { parseSchema, type Field, type Model, type SchemaModel } from '../../../src/index.ts'
import { datamodelOf, type Datamodel } from '../../support/datamodel.ts'
import { randomSchema } from '../../support/random-schema.ts'

test('random schemas read as Prisma reads them', async () => {
  await forSeeds(60, async (random) => {
    const text = randomSchema(random)
    expectAsPrisma(parseSchema(text, 'inline'), await datamodelOf(text))
  })
})

/** Everything that Prisma's own DMMF says, said by the model. */
function expectAsPrisma(schema: SchemaModel, dmmf: Datamodel): void {
  expect([...schema.models.keys()].sort()).toEqual(dmmf.datamodel.models.map((model) => model.name).sort())
  expect(
    [...schema.enums.values()]
      .map(({ name, dbName, values }) => ({ name, dbName, values }))
      .sort((a, b) => a.name.localeCompare(b.name)),
  ).toEqual(
    dmmf.datamodel.enums
      .map(({ name, dbName, values }) => ({
        name,
        dbName: dbName ?? name,
        values: values.map((value) => ({ name: value.name, dbName: value.dbName ?? value.name })),
      }))
      .sort((a, b) => a.name.localeCompare(b.name)),
  )
  for (const expected of dmmf.datamodel.models) {
    const model = schema.models.get(expected.name) as Model
    expect(model.table).toBe(expected.dbName ?? expected.name)
    expect(
      [...model.fields.values()].filter((field) => field.kind !== 'unsupported').map(plainField),
    ).toEqual(
      expected.fields
        .filter((field) => field.kind !== 'unsupported')
        .map((field) => prismaField(field, model)),
    )
    expect(
      model.relations.map(({ field, name, target, fields, references }) => ({
        field,
        name,
        target,
        fields,
        references,
      })),
    ).toEqual(expected.fields.flatMap((field) => (field.kind === 'object' ? [prismaRelation(field)] : [])))
    expect(model.id?.isCompound === true ? model.id.fields : []).toEqual(expected.primaryKey?.fields ?? [])
    expect(uniqueArguments(model)).toEqual(new Set(uniqueArgumentsOf(dmmf, expected.name)))
  }
}

function plainField(field: Field): object {
  const {
    name,
    column,
    kind,
    type,
    nativeType,
    isList,
    isRequired,
    isId,
    isUnique,
    isUpdatedAt,
    hasDefault,
  } = field
  return {
    name,
    column,
    kind,
    type,
    nativeType,
    isList,
    isRequired,
    isId,
    isUnique,
    isUpdatedAt,
    hasDefault,
    default: field.default,
  }
}

type PrismaField = Datamodel['datamodel']['models'][number]['fields'][number]

function prismaField(field: PrismaField, model: Model): object {
  return {
    name: field.name,
    column: field.dbName ?? field.name,
    kind: field.kind === 'object' ? 'relation' : field.kind,
    type: field.type,
    nativeType:
      field.nativeType == null ? null : { name: field.nativeType[0], args: [...field.nativeType[1]] },
    isList: field.isList,
    isRequired: field.isRequired,
    isId: field.isId,
    isUnique: field.isUnique,
    isUpdatedAt: field.isUpdatedAt ?? false,
    hasDefault: field.hasDefaultValue,
    default: prismaDefault(field.default, model.fields.get(field.name)),
  }
}

function prismaRelation(field: PrismaField): object {
  return {
    field: field.name,
    name: field.relationName,
    target: field.type,
    fields: field.relationFromFields,
    references: field.relationToFields,
  }
}

function prismaDefault(value: PrismaField['default'] | undefined, ours: Field | undefined): unknown {
  if (value === undefined) return null
  if (Array.isArray(value)) return { kind: 'value', value }
  if (typeof value === 'object') {
    const { name, args } = value as { name: string; args: unknown[] }
    // The DMMF fills in the version that `cuid()` and `uuid()` stand for.
    const written = ours?.default?.kind === 'function' ? ours.default.args : []
    const implied = written.length === 0 && (name === 'cuid' || name === 'uuid')
    return { kind: 'function', name, args: implied ? [] : args }
  }
  // The DMMF rounds Decimal defaults to a double; the model keeps what is written.
  if (ours?.type === 'Decimal' && ours.default?.kind === 'value') {
    expect(Number(ours.default.value) / Number(value)).toBeCloseTo(1, 12)
    return ours.default
  }
  return { kind: 'value', value }
}

/** The arguments that name a unique row; a partial unique is an argument in Prisma's eyes too. */
function uniqueArguments(model: Model): Set<string> {
  const keys = [...(model.id === null ? [] : [model.id]), ...model.uniques]
  return new Set([
    ...keys.map((key) => key.name),
    ...model.indexes.flatMap((index) => (index.name === null ? [] : [index.name])),
  ])
}

function uniqueArgumentsOf(dmmf: Datamodel, model: string): readonly string[] {
  const input = dmmf.schema.inputObjectTypes.prisma?.find(({ name }) => name === `${model}WhereUniqueInput`)
  return input?.constraints.fields ?? []
}
