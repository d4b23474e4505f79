import type { CatalogColumn, CatalogIndex, CatalogTable } from '../catalog/catalog.ts'
import type { Condition, ConditionOperator, QueryShape } from '../shape/query-shape.ts'

/** Conditions that a GIN index answers: elements of a list, what a jsonb document holds. */
export function elementConditions(table: CatalogTable, shape: QueryShape): readonly Condition[] {
  return shape.conditions.filter((each) => {
    const column = table.columns.find((one) => one.name === each.column)
    if (each.isOptional || column === undefined) return false
    return each.operator === 'list' ? column.isList : isOfDocument(each.operator) && isJsonb(column)
  })
}

/** The index that finds the elements; a GIN index of several columns finds by each of them. */
export function elementIndex(table: CatalogTable, { column, operator }: Condition): CatalogIndex | undefined {
  return table.indexes.find(
    (index) =>
      isWhole(index) &&
      index.type === 'Gin' &&
      index.keys.some((key) => key.column === column && servesOperator(key.operatorClass, operator)),
  )
}

/** The index on parts of words that finds a text by what it contains, in any case. */
export function trigramIndex(table: CatalogTable, column: string): CatalogIndex | undefined {
  return table.indexes.find(
    (index) =>
      isWhole(index) &&
      index.keys.some(
        (key) => key.column === column && /^g(?:in|ist)_trgm_ops$/.test(key.operatorClass ?? ''),
      ),
  )
}

/** `jsonb_path_ops` is the smaller one, and knows no keys. */
export function documentClass(operators: Iterable<ConditionOperator>): string | null {
  return [...operators].includes('json-key') ? null : 'jsonb_path_ops'
}

export function isOfDocument(operator: ConditionOperator): boolean {
  return operator === 'json-contains' || operator === 'json-key'
}

function servesOperator(operatorClass: string | null, operator: ConditionOperator): boolean {
  if (operator === 'json-contains') return operatorClass === null || operatorClass === 'jsonb_path_ops'
  return operatorClass === null
}

/** PostgreSQL's older type `json` has no such operators. */
function isJsonb({ type, nativeType }: CatalogColumn): boolean {
  return type === 'Json' && nativeType?.name !== 'Json'
}

function isWhole({ predicate, unusable }: CatalogIndex): boolean {
  return predicate === null && unusable === undefined
}
