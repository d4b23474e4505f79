import type { Field, FieldDefault, NativeType } from '../datamodel/field.ts'
import { argument, hasAttribute, literalOf, nameArgument, plainText, textOf } from './schema-attributes.ts'
import type { SchemaAttribute, SchemaMember } from './schema-syntax.ts'

/** A field of a model; the attributes that make keys are not read here. */
export function fieldOf(
  member: SchemaMember,
  enums: Pick<ReadonlySet<string>, 'has'>,
  models: Pick<ReadonlySet<string>, 'has'>,
): Field {
  const { type: expression } = member
  const type =
    expression?.kind === 'call'
      ? (textOf(expression.args[0]?.value) ?? '')
      : expression?.kind === 'path'
        ? expression.text
        : ''
  const kind =
    expression?.kind === 'call'
      ? 'unsupported'
      : models.has(type)
        ? 'relation'
        : enums.has(type)
          ? 'enum'
          : SCALARS.has(type)
            ? 'scalar'
            : 'unsupported'
  const fieldDefault = defaultOf(member.attributes, type)
  return {
    name: member.name,
    column: nameArgument(member.attributes, 'map') ?? member.name,
    kind,
    type,
    nativeType: nativeTypeOf(member.attributes),
    isList: member.isList,
    isRequired: !member.isOptional,
    isId: hasAttribute(member.attributes, 'id'),
    isUnique: false,
    isUpdatedAt: hasAttribute(member.attributes, 'updatedAt'),
    hasDefault: fieldDefault !== null,
    default: fieldDefault,
    isGenerated: fieldDefault?.kind === 'function' && DATABASE_DEFAULTS.has(fieldDefault.name),
    isIgnored: hasAttribute(member.attributes, 'ignore'),
  }
}

const SCALARS = new Set([
  'String',
  'Boolean',
  'Int',
  'BigInt',
  'Float',
  'Decimal',
  'DateTime',
  'Json',
  'Bytes',
])
const DATABASE_DEFAULTS = new Set(['autoincrement', 'sequence', 'dbgenerated'])

function nativeTypeOf(attributes: readonly SchemaAttribute[]): NativeType | null {
  const attribute = attributes.find(({ name }) => name.includes('.'))
  if (attribute === undefined) return null
  return {
    name: attribute.name.slice(attribute.name.indexOf('.') + 1),
    args: attribute.args.map(({ value }) => plainText(value)),
  }
}

function defaultOf(attributes: readonly SchemaAttribute[], type: string): FieldDefault | null {
  const attribute = attributes.find(({ name }) => name === 'default')
  const value = attribute === undefined ? undefined : argument(attribute, 'value', 0)
  if (value === undefined) return null
  if (value.kind === 'call')
    return { kind: 'function', name: value.name, args: value.args.map((arg) => literalOf(arg.value, '')) }
  if (value.kind === 'array')
    return { kind: 'value', value: value.items.map((item) => literalOf(item, type)) }
  return { kind: 'value', value: literalOf(value, type) }
}
