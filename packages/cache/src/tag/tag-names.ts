import type { KeySetTag } from '../entry/stamp.ts'
import { identity, type Field, type Key, type Model, type SchemaModel } from '@prisma-brisk/core'
import { listColumns } from './list-column.ts'

/**
 * The names of tags in the store. Tables are named as the database names them, with their schema whether or not the model
 * names it, so that two deployments whose schemas differ, or name one table differently, still invalidate each other.
 *
 * - `all`: every entry rests on it
 * - `m:<table>`: any row of the table may have changed
 * - `k:<table>`: any row of the table may have changed; what is cached by row, or by the value of a column, rests on it, signed
 *   by the unique keys and the columns that its deployment knows: another, which knows others, finds the signature there and
 *   cannot leave such entries behind
 * - `b:<table>:<key>`: one row has changed of which is not known what values it has in this unique key
 * - `c:<table>:<column>`: a row has changed of which is not known what it has, or had, in this column
 * - `v:<hash>`: a row has changed that has, or had, one value in one column
 * - `r:<hash>`: one row, by its values in one unique key; hashed, because values do not belong in names that leave the
 *   process
 * - `t:<tag>`: the user's own
 */
export class TagNames {
  readonly everything: string
  /** A tag that nothing rests on. */
  readonly probe: string
  /** No tag: where a store remembers the servers it has met. */
  readonly servers: string
  private readonly models = new WeakMap<Model, ModelTags>()

  constructor(
    private readonly namespace: string,
    /** Whether the names stay in this process. */
    private readonly isLocal = false,
    /** The database's schema that tables are in whose model names none; null where a database has no schemas. */
    private readonly defaultSchema: () => string | null = () => null,
  ) {
    this.everything = `${namespace}:all`
    this.probe = `${namespace}:probe`
    this.servers = `${namespace}:servers`
  }

  own(tag: string): string {
    return `${this.namespace}:t:${tag}`
  }

  /** Whether a tag is that of a table's rows. */
  isOfRows(tag: string): boolean {
    return tag.startsWith(`${this.namespace}:k:`)
  }

  of(schema: SchemaModel, model: Model): ModelTags {
    const known = this.models.get(model)
    if (known !== undefined) return known
    const tags = new ModelTags(this.namespace, this.isLocal, this.tableOf(model), schema, model)
    this.models.set(model, tags)
    return tags
  }

  /** That any row of a table may have changed. */
  ofTable(table: string): string {
    return `${this.namespace}:m:${table}`
  }

  /** A table of the schema, with the database's schema that it is in. */
  tableOf({ dbSchema, table }: { readonly dbSchema: string | null; readonly table: string }): string {
    const schema = dbSchema ?? this.defaultSchema()
    return schema === null ? table : `${schema}.${table}`
  }

  /**
   * The tables that join rows of these models, by their tags. Another deployment may have a model of its own for one: what links and
   * unlinks here changes its rows, and the other way round.
   */
  ofLinks(models: Iterable<Model>): string[] {
    const tables = new Set<string>()
    for (const { relations } of models)
      for (const { manyToMany } of relations) if (manyToMany !== null) tables.add(this.tableOf(manyToMany))
    return [...tables].flatMap((table) => [this.ofTable(table), `${this.namespace}:k:${table}`])
  }

  /** What tags stand for, in names and numbers: without the value of any row. */
  reachOf(tags: readonly string[]): TagReach {
    const reach = {
      everything: false,
      lists: [] as string[],
      tables: [] as string[],
      rows: 0,
      values: 0,
      own: 0,
    }
    for (const tag of tags) {
      const [kind = '', name = ''] = tag.slice(this.namespace.length + 1).split(':')
      if (kind === 'all') reach.everything = true
      else if (kind === 'm') reach.lists.push(name)
      else if (kind === 'k' || kind === 'b') reach.tables.push(name)
      else if (kind === 'r') reach.rows++
      else if (kind === 'v' || kind === 'c') reach.values++
      else if (kind === 't') reach.own++
    }
    return { ...reach, tables: [...new Set(reach.tables)] }
  }

  /** The tags of every table, for what may depend on any of them. */
  ofAll(schema: SchemaModel): string[] {
    return [...schema.models.values()]
      .filter((model) => !model.isView)
      .map((model) => this.of(schema, model).any)
  }
}

/** What an invalidation reaches. Tables are named as the database names them. */
export interface TagReach {
  /** Every entry. */
  readonly everything: boolean
  /** Tables whose lists are reached, where no value of a column tells them apart. */
  readonly lists: readonly string[]
  /** Tables of which every row is reached that was cached by itself. */
  readonly tables: readonly string[]
  /** Rows, by each of their unique keys. */
  readonly rows: number
  /** Values of columns whose lists are reached. */
  readonly values: number
  /** Tags of the user's own. */
  readonly own: number
}

/** The tags of one table. */
export class ModelTags {
  readonly any: string
  readonly rows: KeySetTag
  /** One for each unique key. */
  readonly bulk: ReadonlyMap<Key, string>
  /** One for each column by whose values lists are told apart. */
  readonly columns: ReadonlyMap<Field, string>
  /** What the names of a key's rows begin with. */
  private readonly names: ReadonlyMap<Key, string>

  constructor(
    private readonly namespace: string,
    private readonly isLocal: boolean,
    private readonly table: string,
    schema: SchemaModel,
    model: Model,
  ) {
    this.any = `${namespace}:m:${table}`
    const keys = uniqueKeys(model)
    const columns = listColumns(schema, model)
    const kind = (name: string) => kindOf(schema, model.fields.get(name) as Field)
    const told = [
      ...keys.map((key) => `${nameOf(key)}:${key.fields.map(kind).join(',')}`),
      ...columns.map(({ column, name }) => `=${column}:${kind(name)}`),
    ]
    const signature = identity(told.sort().join('|')).slice(0, 10)
    this.rows = { tag: `${namespace}:k:${table}`, signature }
    this.bulk = new Map(keys.map((key) => [key, `${namespace}:b:${table}:${nameOf(key)}`]))
    this.columns = new Map(columns.map((field) => [field, `${namespace}:c:${table}:${field.column}`]))
    this.names = new Map(keys.map((key) => [key, `${table}|${nameOf(key)}`]))
  }

  row(key: Key, values: readonly string[]): string {
    let text = this.names.get(key) ?? ''
    for (const value of values) text += `|${value.length}:${value}`
    return `${this.namespace}:r:${this.isLocal ? text : identity(text)}`
  }

  value({ column }: Field, value: string | null): string {
    const text = `${this.table}|${column}${value === null ? '' : `|${value}`}`
    return `${this.namespace}:v:${this.isLocal ? text : identity(text)}`
  }
}

/** Every key by which `where` can name one row. */
export function uniqueKeys(model: Model): readonly Key[] {
  return model.id === null ? model.uniques : [model.id, ...model.uniques]
}

/** What the client makes of a column's values; another deployment may make something else of the same. */
function kindOf(schema: SchemaModel, { kind, type, nativeType }: Field): string {
  if (kind !== 'enum') return `${type} ${nativeType?.name ?? ''}`
  return JSON.stringify(schema.enums.get(type)?.values.map(({ name, dbName }) => [name, dbName]))
}

function nameOf(key: Key): string {
  return key.columns.map((column) => column.name).join(',')
}
