import type { SchemaExpression } from '@prisma-brisk/core/schema-syntax'
import { AdvisorError } from '../errors.ts'
import type { RelationField } from '../catalog/relation-field.ts'
import { compareText } from '../text-order.ts'
import type {
  Catalog,
  CatalogColumn,
  CatalogForeignKey,
  CatalogTable,
  OmittedModel,
  Provider,
  ReferentialAction,
} from '../catalog/catalog.ts'
import { argument, attributeOf, databaseName, names, text } from './schema-attributes.ts'
import { asOfPrisma7 } from './earlier-prisma.ts'
import { readBlocks, sourceAt, type SchemaBlock } from './schema-blocks.ts'
import { columnName, columnsOf, typeName } from './schema-columns.ts'
import { declaredIndexes, foreignKeyIndexes } from './schema-indexes.ts'
import { validateSchema, type SchemaText } from './schema-validation.ts'

/** A schema as the advisor sees it: the catalog and where in the text each model stands. */
export interface SchemaReading {
  readonly catalog: Catalog
  /** By model name. */
  readonly blocks: ReadonlyMap<string, SchemaBlock>
  readonly relations: readonly RelationField[]
  readonly enums: ReadonlyMap<string, readonly string[]>
  /** Output directories of the generators, as the schema writes them, with the file they stand in. */
  readonly outputs: readonly { readonly file: string; readonly output: string }[]
}

/** A provider that no index is recommended for. */
export interface UnsupportedSchema {
  readonly unsupported: string
}

/**
 * @throws AdvisorError E_SCHEMA_INVALID with Prisma's own message.
 */
export async function readSchema(
  files: readonly SchemaText[],
  options: { externalTables?: readonly string[] } = {},
): Promise<SchemaReading | UnsupportedSchema> {
  await validateSchema(files.map(({ file, text: schema }) => ({ file, text: asOfPrisma7(schema) })))
  const blocks = files.flatMap((file) => readBlocks(file.file, file.text))
  const settings = datasource(blocks)
  if (!isProvider(settings.provider)) return { unsupported: settings.provider }
  return new SchemaCollector(
    settings.provider,
    settings.relationMode,
    blocks,
    options.externalTables ?? [],
  ).collect()
}

function datasource(blocks: readonly SchemaBlock[]): {
  provider: string
  relationMode: Catalog['relationMode']
} {
  const settings = blocks.find((block) => block.keyword === 'datasource')?.settings
  const provider = text(settings?.get('provider'))
  if (provider === undefined)
    throw new AdvisorError('E_SCHEMA_INVALID', 'The schema has no datasource block with a provider.')
  return {
    provider: provider === 'postgres' ? 'postgresql' : provider,
    relationMode: text(settings?.get('relationMode')) === 'prisma' ? 'prisma' : 'foreignKeys',
  }
}

function isProvider(name: string): name is Provider {
  return name === 'postgresql' || name === 'mysql' || name === 'sqlite'
}

class SchemaCollector {
  private readonly models: ReadonlyMap<string, SchemaBlock>
  private readonly enums: ReadonlyMap<string, readonly string[]>
  private readonly omitted: OmittedModel[] = []

  constructor(
    private readonly provider: Provider,
    private readonly relationMode: Catalog['relationMode'],
    private readonly blocks: readonly SchemaBlock[],
    private readonly externalTables: readonly string[],
  ) {
    // A view can be the type of a relation field, so it counts where columns are told from relations.
    this.models = named(blocks, 'model', 'view')
    this.enums = new Map(
      [...named(blocks, 'enum')].map(([name, block]) => [
        name,
        block.members.filter((each) => databaseName(each) === each.name).map((each) => each.name),
      ]),
    )
  }

  collect(): SchemaReading {
    const tables = [...this.models.values()].flatMap((block) => this.table(block) ?? [])
    return {
      catalog: {
        provider: this.provider,
        relationMode: this.relationMode,
        previewFeatures: [
          ...new Set(this.generatorSettings('previewFeatures').flatMap(({ value }) => names(value))),
        ].sort(),
        collation: null,
        tables: tables.sort(
          (a, b) => compareText(a.schema ?? '', b.schema ?? '') || compareText(a.name, b.name),
        ),
        omitted: this.omitted.sort((a, b) => compareText(a.model, b.model)),
        warnings: [],
      },
      blocks: this.models,
      relations: this.relations(),
      enums: this.enums,
      outputs: this.generatorSettings('output').map(({ file, value }) => ({
        file,
        output: text(value) ?? '',
      })),
    }
  }

  private table(block: SchemaBlock): CatalogTable | null {
    if (block.keyword === 'view') return this.omit(block, 'it is a view')
    if (attributeOf(block.attributes, 'ignore') !== undefined)
      return this.omit(block, 'it is marked @@ignore')
    const name = databaseName(block)
    const schema = text(argument(attributeOf(block.attributes, 'schema'), 'name', 0)) ?? null
    if ([name, `${schema ?? 'public'}.${name}`].some((each) => this.externalTables.includes(each)))
      return this.omit(block, 'prisma.config declares the table external')
    const columns = columnsOf(block, this.models, this.enums)
    const table: CatalogTable = {
      name,
      schema,
      model: block.name,
      columns,
      indexes: [],
      foreignKeys: this.foreignKeys(block, columns),
      rows: null,
      source: sourceAt(block, block.from),
    }
    const indexes = declaredIndexes(block, table, this.provider)
    const byServer = this.provider === 'mysql' && this.relationMode === 'foreignKeys'
    return { ...table, indexes: byServer ? [...indexes, ...foreignKeyIndexes(table, indexes)] : indexes }
  }

  private omit(block: SchemaBlock, reason: string): null {
    this.omitted.push({ model: block.name, reason })
    return null
  }

  private foreignKeys(block: SchemaBlock, columns: readonly CatalogColumn[]): CatalogForeignKey[] {
    return block.members.flatMap((member): CatalogForeignKey[] => {
      const relation = attributeOf(member.attributes, 'relation')
      const own = names(argument(relation, 'fields'))
      const target = this.models.get(typeName(member))
      if (own.length === 0 || target?.keyword !== 'model') return []
      const referenced = columnsOf(target, this.models, this.enums)
      // A key that may not be NULL is never set to it, though its relation field be optional.
      const isRequired = own.some(
        (field) => columns.find((each) => each.field === field)?.isNullable === false,
      )
      const action = (name: string) => text(argument(relation, name)) as ReferentialAction | undefined
      return [
        {
          relationField: member.name,
          columns: own.map((field) => columnName(columns, field)),
          referencedModel: target.name,
          referencedTable: databaseName(target),
          referencedColumns: names(argument(relation, 'references')).map((field) =>
            columnName(referenced, field),
          ),
          onDelete: action('onDelete') ?? (member.isOptional && !isRequired ? 'SetNull' : 'Restrict'),
          onUpdate: action('onUpdate') ?? 'Cascade',
          source: sourceAt(block, member.from),
        },
      ]
    })
  }

  private relations(): RelationField[] {
    return [...this.models.values()].flatMap((block) =>
      block.members
        .filter((member) => this.models.has(typeName(member)))
        .map((member) => {
          const relation = attributeOf(member.attributes, 'relation')
          return {
            model: block.name,
            field: member.name,
            type: typeName(member),
            isList: member.isList,
            name: text(argument(relation, 'name', 0)) ?? null,
            ownFields: names(argument(relation, 'fields')),
          }
        }),
    )
  }

  private generatorSettings(key: string): { file: string; value: SchemaExpression }[] {
    return this.blocks.flatMap((block) => {
      const value = block.keyword === 'generator' ? block.settings.get(key) : undefined
      return value === undefined ? [] : [{ file: block.file, value }]
    })
  }
}

function named(blocks: readonly SchemaBlock[], ...keywords: string[]): Map<string, SchemaBlock> {
  return new Map(
    blocks.filter((block) => keywords.includes(block.keyword)).map((block) => [block.name, block]),
  )
}
