import type { CacheView } from '../../../src/index.ts'
import { counted } from './format.ts'

type Reach = NonNullable<CacheView['invalidations'][number]['reach']>

/** `lists of Profile; 1 key of a row; lists by 2 values of columns`. */
export function reachText({ everything, lists, tables, rows, values, own }: Reach): string {
  if (everything) return 'every entry'
  return [
    ...(lists.length > 0 ? [`lists of ${lists.map(bare).join(', ')}`] : []),
    ...(tables.length > 0 ? [`every row of ${tables.map(bare).join(', ')}`] : []),
    ...(rows > 0 ? [counted(rows, 'key of a row', 'keys of rows')] : []),
    ...(values > 0 ? [`lists by ${counted(values, 'value of a column', 'values of columns')}`] : []),
    ...(own > 0 ? [counted(own, 'tag of your own', 'tags of your own')] : []),
  ].join('; ')
}

/** Most databases have one schema. */
function bare(table: string): string {
  return table.replace(/^public\./, '')
}
