import { type Plan, type PlanNode, withoutLiterals } from './plan.ts'

/** A table as `EXPLAIN FORMAT=JSON` of MariaDB has it. */
export interface ExplainedTable {
  readonly table: string
  readonly access: string
  readonly key: string | undefined
  readonly usedKeys: readonly string[]
  readonly rows: number
  /** The index holds all that is asked for. */
  readonly isCovering: boolean
  readonly conditions: readonly string[]
  /** Bounds of the columns that are compared with a value, as the server has them. Never printed. */
  readonly bounds: readonly ColumnBound[]
}

export interface ColumnBound {
  readonly column: string
  readonly side: 'from' | 'to'
  readonly value: string
}

/** The tables of a plan in the order in which they are read, wherever they stand in it. */
export function tablesOf(root: unknown): ExplainedTable[] {
  if (Array.isArray(root)) return root.flatMap(tablesOf)
  if (root === null || typeof root !== 'object') return []
  const node = root as Record<string, unknown>
  const own = typeof node['table_name'] === 'string' ? [tableOf(node)] : []
  return [...own, ...Object.values(node).flatMap(tablesOf)]
}

function tableOf(node: Record<string, unknown>): ExplainedTable {
  const raw = (name: string) => (typeof node[name] === 'string' ? node[name] : '')
  const words = (name: string) => (raw(name) === '' ? [] : [withoutLiterals(raw(name))])
  return {
    table: String(node['table_name']),
    access: String(node['access_type']),
    key: typeof node['key'] === 'string' ? node['key'] : undefined,
    usedKeys: (node['used_key_parts'] ?? []) as readonly string[],
    rows: Number(node['rows'] ?? 1),
    isCovering: node['using_index'] === true,
    conditions: [...words('index_condition'), ...words('attached_condition')],
    bounds: ['index_condition', 'attached_condition'].flatMap((name) => boundsIn(raw(name))),
  }
}

const VALUE = String.raw`(?:[a-z]+ ?)?('(?:[^']|'')*'|-?\d+(?:\.\d+)?)`
const BOUND = new RegExp(
  String.raw`\`?([\w$]+)\`? (?:(>=|<=|>|<) ${VALUE}|between ${VALUE} and ${VALUE})`,
  'gi',
)

/** `Post.score >= 995 and Post.score < 1000` */
function boundsIn(condition: string): ColumnBound[] {
  return [...condition.matchAll(BOUND)].flatMap(
    ([, column = '', operator, value, least, most]): ColumnBound[] => {
      const bound = (side: ColumnBound['side'], text = '') => ({
        column,
        side,
        value: text.replace(/^'|'$/g, ''),
      })
      if (operator === undefined) return [bound('from', least), bound('to', most)]
      return [bound(operator.startsWith('>') ? 'from' : 'to', value)]
    },
  )
}

const TYPES: Readonly<Record<string, string>> = {
  ALL: 'Table Scan',
  index: 'Index Scan',
  range: 'Range Scan',
  ref: 'Index Lookup',
  eq_ref: 'Unique Lookup',
  const: 'Unique Lookup',
}

/** @param idOf the hypothetical index's id for its name in the copy */
export function readMariadbExplain(root: unknown, cost: number, idOf: (name: string) => string): Plan {
  const tables = tablesOf(root)
  const nodes = tables.map(({ table, access, key, rows, conditions }): PlanNode => ({
    type: TYPES[access] ?? access,
    relation: table,
    index: key === undefined ? null : idOf(key),
    conditions,
    sort: [],
    startupCost: 0,
    cost: 0,
    rows,
    children: [],
  }))
  const sorts = sortsOf(root)
  const [only] = nodes
  const joined: PlanNode =
    nodes.length === 1 && only !== undefined
      ? { ...only, cost }
      : {
          type: 'Nested Loop',
          relation: null,
          index: null,
          conditions: [],
          sort: [],
          startupCost: 0,
          cost,
          rows: nodes.at(-1)?.rows ?? 0,
          children: nodes,
        }
  const whole: PlanNode =
    sorts.length === 0
      ? joined
      : {
          ...joined,
          type: 'Sort',
          relation: null,
          index: null,
          conditions: [],
          sort: sorts,
          children: [joined],
        }
  return { cost, rows: whole.rows, root: whole, uses: nodes.flatMap((each) => each.index ?? []).sort() }
}

function sortsOf(root: unknown): string[] {
  if (Array.isArray(root)) return root.flatMap(sortsOf)
  if (root === null || typeof root !== 'object') return []
  return Object.entries(root).flatMap(([name, value]) =>
    name === 'sort_key' && typeof value === 'string' ? [withoutLiterals(value)] : sortsOf(value),
  )
}
