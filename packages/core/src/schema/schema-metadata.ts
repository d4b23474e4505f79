import type { EnumType, Field } from './datamodel/field.ts'
import { LazyMap } from './datamodel/lazy-map.ts'
import type { Model } from './datamodel/model.ts'
import type { Relation } from './datamodel/relation.ts'
import type { SchemaModel, SchemaSource } from './datamodel/schema-model.ts'
import type { Index, IndexField, Key } from './datamodel/table-index.ts'

/**
 * The schema model as plain data, as `generator brisk { provider = "prisma-brisk" }` writes it. What is at its default
 * is left out.
 */
export interface SchemaMetadata {
  readonly version: 1
  /** See {@link SchemaModel.hash}; metadata whose hash is not that of the client's schema is not used. */
  readonly hash: string
  readonly provider: string
  readonly relationMode: 'foreignKeys' | 'prisma'
  readonly previewFeatures: readonly string[]
  readonly enums: readonly object[]
  readonly models: readonly object[]
}

/** The model as data for {@link fromMetadata}. */
export function toMetadata(schema: SchemaModel): SchemaMetadata {
  return {
    version: 1,
    hash: schema.hash,
    provider: schema.provider,
    relationMode: schema.relationMode,
    previewFeatures: schema.previewFeatures,
    enums: [...schema.enums.values()],
    models: [...schema.models.values()].map((model) => ({
      ...model,
      fields: [...model.fields.values()].map((field) => {
        const { column, ...rest } = without(field, FIELD)
        return column === field.name ? rest : { column, ...rest }
      }),
      id: model.id === null ? null : packKey(model.id),
      uniques: model.uniques.map(packKey),
      indexes: model.indexes.map((index) => ({
        ...without(index, INDEX),
        fields: index.fields.map(packColumn),
      })),
      relations: model.relations.map((relation) => {
        const { model: _, ...rest } = without(relation, RELATION)
        return rest
      }),
    })),
  }
}

/** The model that {@link toMetadata} was given. Cost: nothing until a model is asked for, then about 10 µs. */
export function fromMetadata(metadata: SchemaMetadata, source: SchemaSource): SchemaModel {
  const packed = new Map((metadata.models as readonly PackedModel[]).map((model) => [model.name, model]))
  return {
    provider: metadata.provider,
    relationMode: metadata.relationMode,
    previewFeatures: metadata.previewFeatures,
    hash: metadata.hash,
    source,
    enums: new Map((metadata.enums as readonly EnumType[]).map((each) => [each.name, each])),
    models: new LazyMap(packed.keys(), (name) => {
      const model = packed.get(name)
      return model === undefined ? undefined : unpackModel(model)
    }),
  }
}

function unpackModel(model: PackedModel): Model {
  return {
    ...model,
    fields: new Map(model.fields.map((field) => [field.name, { ...FIELD, column: field.name, ...field }])),
    id: model.id === null ? null : unpackKey(model.id),
    uniques: model.uniques.map(unpackKey),
    indexes: model.indexes.map((index) => ({
      ...INDEX,
      ...index,
      fields: index.fields.map((column) => ({ ...COLUMN, ...column })),
    })),
    relations: model.relations.map((relation) => ({ ...RELATION, ...relation, model: model.name })),
  }
}

export function isSchemaMetadata(value: unknown): value is SchemaMetadata {
  if (typeof value !== 'object' || value === null) return false
  const candidate = value as Partial<SchemaMetadata>
  return candidate.version === 1 && typeof candidate.hash === 'string' && Array.isArray(candidate.models)
}

/**
 * Metadata that generated modules have left here when they were imported, by hash. The symbol is shared by every copy
 * of this package in the process.
 */
export function registeredMetadata(): ReadonlyMap<string, SchemaMetadata> {
  const registry = (globalThis as { [METADATA]?: unknown })[METADATA]
  return registry instanceof Map ? registry : new Map()
}

const METADATA = Symbol.for('prisma-brisk.schema-metadata')

type PackedField = Partial<Field> & Pick<Field, 'name'>
type PackedColumn = Partial<IndexField> & Pick<IndexField, 'name'>
type PackedKey = Omit<Key, 'columns'> & { columns: readonly PackedColumn[] }
interface PackedModel extends Omit<Model, 'fields' | 'id' | 'uniques' | 'indexes' | 'relations'> {
  readonly fields: readonly PackedField[]
  readonly id: PackedKey | null
  readonly uniques: readonly PackedKey[]
  readonly indexes: readonly (Omit<Index, 'fields'> & { fields: readonly PackedColumn[] })[]
  readonly relations: readonly Omit<Relation, 'model'>[]
}

const FIELD = {
  kind: 'scalar',
  type: 'String',
  nativeType: null,
  isList: false,
  isRequired: true,
  isId: false,
  isUnique: false,
  isUpdatedAt: false,
  hasDefault: false,
  default: null,
  isGenerated: false,
  isIgnored: false,
} as const
const COLUMN = { sort: 'asc', length: null, ops: null } as const
const INDEX = {
  isUnique: false,
  name: null,
  dbName: null,
  type: 'BTree',
  predicate: null,
  clustered: null,
} as const
const RELATION = { isList: false, isRequired: false, manyToMany: null, isIgnored: false } as const

function packKey(key: Key): object {
  return { ...key, columns: key.columns.map(packColumn) }
}

function unpackKey(key: PackedKey): Key {
  return { ...key, columns: key.columns.map((column) => ({ ...COLUMN, ...column })) }
}

function packColumn(column: IndexField): object {
  return without(column, COLUMN)
}

/** The object without the members that are at their default. */
function without<T extends object>(object: T, defaults: Readonly<Record<string, unknown>>): Partial<T> {
  return Object.fromEntries(
    Object.entries(object).filter(([name, value]) => !(name in defaults) || defaults[name] !== value),
  ) as Partial<T>
}
