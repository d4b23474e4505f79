import type { Catalog, CatalogColumn, CatalogForeignKey, CatalogTable } from '../../catalog/catalog.ts'
import type { RelationField } from '../../catalog/relation-field.ts'

/** A relation field as a query sees it. */
export interface ModelRelation {
  readonly field: string
  readonly isList: boolean
  /** The table on the other side; null where the catalog leaves it out. */
  readonly target: CatalogTable | null
  /** Columns of the target by which its rows are found; null for an implicit many-to-many relation. */
  readonly targetColumns: readonly string[] | null
  /** Columns of this table that hold the same values, one for each of those. */
  readonly columns: readonly string[] | null
}

/** Models as queries name them: fields, relations, compound keys. */
export class ModelFields {
  private readonly tables: ReadonlyMap<string, CatalogTable>
  private readonly byModel = new Map<string, RelationField[]>()

  constructor(
    readonly catalog: Catalog,
    private readonly relations: readonly RelationField[],
  ) {
    this.tables = new Map(catalog.tables.map((table) => [table.model, table]))
    for (const each of relations)
      this.byModel.set(each.model, [...(this.byModel.get(each.model) ?? []), each])
  }

  table(model: string): CatalogTable | undefined {
    return this.tables.get(model)
  }

  column(table: CatalogTable, field: string): CatalogColumn | undefined {
    return table.columns.find((column) => column.field === field)
  }

  relation(table: CatalogTable, field: string): ModelRelation | undefined {
    const found = this.byModel.get(table.model)?.find((each) => each.field === field)
    if (found === undefined) return undefined
    const target = this.tables.get(found.type) ?? null
    const pair = target === null ? null : this.joined(table, target, found)
    return {
      field,
      isList: found.isList,
      target,
      targetColumns: pair?.target ?? null,
      columns: pair?.own ?? null,
    }
  }

  /** Fields of a compound id or unique by the name a `where` gives it: `authorId_slug`. */
  compoundKey(table: CatalogTable, name: string): string[] | undefined {
    for (const index of table.indexes) {
      if (index.kind === 'index' || index.keys.length < 2) continue
      const fields = index.keys.map(
        (key) => table.columns.find((column) => column.name === key.column)?.field ?? '',
      )
      if (fields.join('_') === name) return fields
    }
    return undefined
  }

  /** The columns on both sides of the foreign key, whichever side holds it. */
  private joined(
    table: CatalogTable,
    target: CatalogTable,
    relation: RelationField,
  ): { readonly own: readonly string[]; readonly target: readonly string[] } | null {
    const own = table.foreignKeys.find((each) => each.relationField === relation.field)
    if (own !== undefined) return { own: own.columns, target: own.referencedColumns }
    const back = this.backRelation(relation)
    const key = target.foreignKeys.find(
      (each: CatalogForeignKey) => back !== null && each.relationField === back.field,
    )
    return key === undefined ? null : { own: key.referencedColumns, target: key.columns }
  }

  /** The field on the other side that holds the foreign key. */
  private backRelation(relation: RelationField): RelationField | null {
    const others = (this.byModel.get(relation.type) ?? []).filter(
      (each) => each.type === relation.model && each.ownFields.length > 0 && each.name === relation.name,
    )
    return others.length === 1 ? (others[0] ?? null) : null
  }

  /** All of them, for the client's declaration. */
  relationFields(): readonly RelationField[] {
    return this.relations
  }
}
