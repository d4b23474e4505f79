import type { SchemaAttribute, SchemaExpression, SchemaMember } from '@prisma-brisk/core/schema-syntax'
import { AdvisorError } from '../errors.ts'
import type {
  Catalog,
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogTable,
  ClaimSource,
  IndexKey,
  IndexType,
  OmittedModel,
  Provider,
  ReferentialAction,
} from './catalog.ts'
import { backsForeignKey } from './coverage.ts'
import { prismaIndexName } from './index-name.ts'
import type { IndexedField } from './schema-attributes.ts'
import {
  argument,
  attributeOf,
  indexedFields,
  keyOptions,
  names,
  predicateSql,
  text,
} from './schema-attributes.ts'
import type { RelationField } from '../source/model-fields.ts'
import type { SchemaBlock } from './schema-blocks.ts'
import { readBlocks } from './schema-blocks.ts'

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

export interface SchemaText {
  /** As it shall be shown: relative to the working directory. */
  readonly file: string
  readonly text: string
}

/**
 * @throws AdvisorError E_SCHEMA_INVALID with Prisma's own message.
 */
export async function readSchema(
  files: readonly SchemaText[],
  options: { externalTables?: readonly string[] } = {},
): Promise<SchemaReading | UnsupportedSchema> {
  await validate(files)
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

/** By Prisma's own validator; its DMMF would say the same at ten times the price. */
async function validate(files: readonly SchemaText[]): Promise<void> {
  const internals = await import('@prisma/internals')
  // The package is CommonJS: under Node's loader its names may only stand on `default`.
  const prisma = 'validate' in internals ? internals : (internals as { default: typeof internals }).default
  try {
    quietly(() => prisma.validate({ schemas: files.map((file): [string, string] => [file.file, file.text]) }))
  } catch (error) {
    throw new AdvisorError('E_SCHEMA_INVALID', `Prisma rejects the schema. ${prismaMessage(error)}`, {
      cause: error,
    })
  }
}

/** Prisma's words for the first thing it rejects, and where; on one line, without colours and rulers. */
function prismaMessage(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(/\u001b\[[\d;]*m/g, '')
  const errors = [...message.matchAll(/^error: (.+)\n\s*-->\s*(\S+)/gm)]
  const [first] = errors
  if (first === undefined) return message.split('\n').slice(1).join(' ').trim()
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return `${first[2]}: ${first[1]}${more}`
}

/** Prisma's validator prints an empty line before it throws. It is synchronous, so nothing else is silenced. */
function quietly(work: () => void): void {
  const { error } = console
  console.error = () => {}
  try {
    work()
  } finally {
    console.error = error
  }
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
      [...named(blocks, 'enum')].map(([name, block]) => [name, block.members.map((member) => member.name)]),
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
        tables: tables.sort((a, b) => compare(a.schema ?? '', b.schema ?? '') || compare(a.name, b.name)),
        omitted: this.omitted.sort((a, b) => compare(a.model, b.model)),
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
    const name = tableName(block)
    const schema = text(argument(attributeOf(block.attributes, 'schema'), 'name', 0)) ?? null
    if ([name, `${schema ?? 'public'}.${name}`].some((each) => this.externalTables.includes(each)))
      return this.omit(block, 'prisma.config declares the table external')
    const columns = this.columns(block)
    const table: CatalogTable = {
      name,
      schema,
      model: block.name,
      columns,
      indexes: [],
      foreignKeys: this.foreignKeys(block, columns),
      rows: null,
      source: this.source(block, block.from),
    }
    const indexes = this.indexes(block, table)
    return { ...table, indexes: [...indexes, ...this.serverIndexes(table, indexes)] }
  }

  private omit(block: SchemaBlock, reason: string): null {
    this.omitted.push({ model: block.name, reason })
    return null
  }

  private source(block: SchemaBlock, offset: number): ClaimSource {
    return { kind: 'schema', file: block.file, line: block.lineOf(offset) }
  }

  private columns(block: SchemaBlock): CatalogColumn[] {
    return block.members
      .filter((member) => !this.models.has(typeName(member)))
      .map((member) => {
        const native = member.attributes.find((each) => each.name.includes('.'))
        const enumValues = this.enums.get(typeName(member)) ?? null
        return {
          name: text(argument(attributeOf(member.attributes, 'map'), 'name', 0)) ?? member.name,
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
          statistics: null,
        }
      })
  }

  private foreignKeys(block: SchemaBlock, columns: readonly CatalogColumn[]): CatalogForeignKey[] {
    return block.members.flatMap((member): CatalogForeignKey[] => {
      const relation = attributeOf(member.attributes, 'relation')
      const own = names(argument(relation, 'fields'))
      const target = this.models.get(typeName(member))
      if (own.length === 0 || target?.keyword !== 'model') return []
      const referenced = this.columns(target)
      const action = (name: string) => text(argument(relation, name)) as ReferentialAction | undefined
      return [
        {
          relationField: member.name,
          columns: own.map((field) => columnName(columns, field)),
          referencedModel: target.name,
          referencedTable: tableName(target),
          referencedColumns: names(argument(relation, 'references')).map((field) =>
            columnName(referenced, field),
          ),
          onDelete: action('onDelete') ?? (member.isOptional ? 'SetNull' : 'Restrict'),
          onUpdate: action('onUpdate') ?? 'Cascade',
          source: this.source(block, member.from),
        },
      ]
    })
  }

  private indexes(block: SchemaBlock, table: CatalogTable): CatalogIndex[] {
    const onFields = block.members.flatMap((member) =>
      member.attributes
        .filter((attribute) => attribute.name === 'id' || attribute.name === 'unique')
        .map((attribute) =>
          this.index(
            table,
            attribute,
            [{ field: member.name, ...keyOptions(attribute) }],
            this.source(block, member.from),
          ),
        ),
    )
    const onBlock = block.attributes
      .filter((attribute) => ['id', 'unique', 'index', 'fulltext'].includes(attribute.name))
      .map((attribute) =>
        this.index(
          table,
          attribute,
          indexedFields(argument(attribute, 'fields', 0)),
          this.source(block, attribute.from),
        ),
      )
    return [...onFields, ...onBlock]
  }

  private index(
    table: CatalogTable,
    attribute: SchemaAttribute,
    fields: readonly IndexedField[],
    source: ClaimSource,
  ): CatalogIndex {
    const kind = attribute.name === 'id' ? 'primary' : attribute.name === 'unique' ? 'unique' : 'index'
    const suffix = kind === 'primary' ? '_pkey' : kind === 'unique' ? '_key' : '_idx'
    const columns = fields.map((each) => columnName(table.columns, each.field))
    return {
      name: text(argument(attribute, 'map')) ?? prismaIndexName(this.provider, table.name, columns, suffix),
      kind,
      keys: fields.map(({ sort, length, operatorClass }, at): IndexKey => ({
        column: columns[at] ?? null,
        expression: null,
        sort,
        length,
        operatorClass,
      })),
      include: [],
      predicate: predicateSql(argument(attribute, 'where'), this.provider, (field) =>
        columnName(table.columns, field),
      ),
      type:
        attribute.name === 'fulltext'
          ? 'Fulltext'
          : ((text(argument(attribute, 'type')) ?? 'BTree') as IndexType),
      sources: [source],
    }
  }

  /** InnoDB makes an index for each foreign key that no other index begins with. */
  private serverIndexes(table: CatalogTable, indexes: readonly CatalogIndex[]): CatalogIndex[] {
    if (this.provider !== 'mysql' || this.relationMode === 'prisma') return []
    return table.foreignKeys
      .filter(({ columns }) => !indexes.some((index) => backsForeignKey(index, columns)))
      .map(({ columns }) => ({
        name: prismaIndexName('mysql', table.name, columns, '_fkey'),
        kind: 'index',
        keys: columns.map((column) => ({
          column,
          expression: null,
          sort: 'asc',
          length: null,
          operatorClass: null,
        })),
        include: [],
        predicate: null,
        type: 'BTree',
        sources: [{ kind: 'server' }],
      }))
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

function tableName(block: SchemaBlock): string {
  return text(argument(attributeOf(block.attributes, 'map'), 'name', 0)) ?? block.name
}

function typeName(member: SchemaMember): string {
  return text(member.type ?? undefined) ?? ''
}

function columnName(columns: readonly CatalogColumn[], field: string): string {
  return columns.find((column) => column.field === field)?.name ?? field
}

/** By code unit, so that every machine sorts alike. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
