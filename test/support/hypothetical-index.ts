import type { HypotheticalIndex } from '../../packages/index-advisor/src/planner/planner.ts'

interface IndexOptions {
  /** Default `'public'`. */
  schema?: string | null
  predicate?: string | null
  method?: string
}

/** An index as tests write it: `hypotheticalIndex('Post', 'authorId, createdAt desc')`. */
export function hypotheticalIndex(
  table: string,
  keys: string,
  { schema = 'public', predicate = null, method = 'btree' }: IndexOptions = {},
): HypotheticalIndex {
  return {
    id: `${table}(${keys})${predicate ?? ''}`,
    schema,
    table,
    keys: keys.split(',').map((key) => ({
      column: key.trim().replace(/ desc$/, ''),
      expression: null,
      sort: key.endsWith(' desc') ? 'desc' : 'asc',
      operatorClass: null,
    })),
    predicate,
    method,
  }
}
