import type { SchemaMember } from '@prisma-brisk/core/schema-syntax'
import type { CatalogColumn } from '../catalog/catalog.ts'
import { attributeOf, databaseName, text } from './schema-attributes.ts'
import type { SchemaBlock } from './schema-blocks.ts'

/** The fields of a model that are columns of its table: all but relations, which name another model or a view. */
export function columnsOf(
  block: SchemaBlock,
  models: ReadonlyMap<string, SchemaBlock>,
  enums: ReadonlyMap<string, readonly string[]>,
): CatalogColumn[] {
  return block.members
    .filter((member) => !models.has(typeName(member)))
    .map((member) => {
      const native = member.attributes.find((each) => each.name.includes('.'))
      const enumValues = enums.get(typeName(member)) ?? null
      return {
        name: databaseName(member),
        field: member.name,
        type: typeName(member),
        isEnum: enumValues !== null,
        enumValues,
        isList: member.isList,
        isNullable: member.isOptional,
        nativeType:
          native === undefined
            ? null
            : {
                name: native.name.slice(native.name.indexOf('.') + 1),
                args: native.args.map((each) => text(each.value) ?? ''),
              },
        isSupported:
          typeName(member) !== 'Unsupported' && attributeOf(member.attributes, 'ignore') === undefined,
        ...(attributeOf(member.attributes, 'updatedAt') === undefined ? {} : { isUpdatedAt: true as const }),
        statistics: null,
      }
    })
}

/** The name of a field's type; empty for one that is declared without. */
export function typeName(member: SchemaMember): string {
  return text(member.type ?? undefined) ?? ''
}

/** The database's name of a field. */
export function columnName(columns: readonly CatalogColumn[], field: string): string {
  return columns.find((column) => column.field === field)?.name ?? field
}
