import type { Field, Model, SchemaModel } from '@prisma-brisk/core'
import { toldOfWholeRows } from '../change-tags.ts'

/** A table that is watched. */
export interface Table {
  readonly schema: string | null
  readonly name: string
  /** Columns that are told. */
  readonly fields: readonly Field[]
}

/** The tables of these models, of all by default, and those that join them. */
export function watchedTables(schema: SchemaModel, models: readonly string[] | undefined): readonly Table[] {
  const tables = new Map<string, Table>()
  const add = (table: Table) => tables.set(JSON.stringify([table.schema, table.name]), table)
  for (const model of schema.models.values()) {
    if (model.isView || (models !== undefined && !models.includes(model.name))) continue
    add({ schema: model.dbSchema, name: model.table, fields: toldOfWholeRows(schema, model) })
    for (const table of joinTables(model)) add({ schema: table.dbSchema, name: table.table, fields: [] })
  }
  return [...tables.values()]
}

const joinTables = ({ relations }: Model) =>
  relations.flatMap(({ manyToMany }) => (manyToMany === null ? [] : [manyToMany]))
