import type { CatalogTable } from '../../catalog/catalog.ts'
import { armsOf, type ConditionTree } from '../../shape/condition-tree.ts'
import type { OrderKey, PrismaStatement } from '../../shape/query-shape.ts'
import { isSortedById, type RowChoice } from './row-choice.ts'
import type { RelatedQuestion } from './where-reader.ts'

/** What Prisma makes of a `where` that asks for one relation. */
export function filterStatement(
  table: CatalogTable,
  tree: ConditionTree,
  rows: RowChoice,
  related: readonly RelatedQuestion[],
  lookup: readonly string[],
  operation: string,
): PrismaStatement {
  const [only, ...others] = related
  const { columns, targetColumns, isList } = only?.relation ?? {}
  const [arm, ...arms] = armsOf(tree)
  const kind = { some: 'exists', none: 'not-exists', is: 'join' }[only?.quantifier ?? '']
  const isKnown =
    others.length === 0 &&
    arms.length === 0 &&
    lookup.length === 0 &&
    columns != null &&
    targetColumns != null &&
    (kind === 'join') !== isList &&
    // The filter itself is the one part that is not the table's own.
    opaqueParts(tree) <= 1 &&
    rows.order.every((each) => each.sort !== 'any')
  if (!isKnown || arm === undefined || kind === undefined) return { kind: 'unknown' }
  const conditions = arm.conditions.filter((each) => !each.isOptional)
  const order =
    rows.order.length === 0 && isSortedById(operation, rows)
      ? keyOf(table).map((column): OrderKey => ({ column, sort: 'asc' }))
      : rows.order
  return {
    kind: kind as 'exists' | 'not-exists' | 'join',
    columns: targetColumns,
    outer: {
      table: table.name,
      schema: table.schema,
      conditions,
      ...rows,
      order,
      columns,
      ...(operation === 'count' ? { counts: true } : {}),
    },
  }
}

function opaqueParts(tree: ConditionTree): number {
  if (tree.kind === 'opaque') return 1
  return tree.kind === 'condition' ? 0 : tree.parts.reduce((sum, each) => sum + opaqueParts(each), 0)
}

export function keyOf(table: CatalogTable): string[] {
  const primary = table.indexes.find((each) => each.kind === 'primary')
  return (primary?.keys ?? []).flatMap((each) => each.column ?? [])
}
