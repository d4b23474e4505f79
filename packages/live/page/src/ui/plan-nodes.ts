/** A step of a plan, whatever the database that gave it. */
export interface PlanNode {
  /** `Seq Scan`, `Index Scan`, `ref`, `SCAN`. */
  readonly title: string
  /** The table or index that it reads. */
  readonly on: string | null
  /** Reads a table from end to end. */
  readonly isWhole: boolean
  /** Conditions, order and the like, as the database says them. */
  readonly details: readonly (readonly [name: string, text: string])[]
  /** By the planner's estimate. */
  readonly rows: number | null
  readonly cost: number | null
  readonly children: readonly PlanNode[]
}

/** The steps of a plan of PostgreSQL, MySQL, MariaDB or SQLite; null where it is none that is known. */
export function planNodes(plan: unknown): readonly PlanNode[] | null {
  if (Array.isArray(plan) && plan.length > 0 && plan.every((each) => typeof each === 'string'))
    return plan.map(sqliteNode)
  const [first] = Array.isArray(plan) ? (plan as unknown[]) : [plan]
  if (!isRecord(first)) return null
  if (isRecord(first['Plan'])) return [postgresNode(first['Plan'])]
  if (isRecord(first['query_block']) || isRecord(first['query_plan'])) {
    const nodes = mysqlNodes(first)
    return nodes.length === 0 ? null : nodes
  }
  return null
}

type Fields = Readonly<Record<string, unknown>>

const POSTGRES_DETAILS = [
  'Index Cond',
  'Filter',
  'Hash Cond',
  'Merge Cond',
  'Join Filter',
  'Recheck Cond',
  'Sort Key',
  'Group Key',
]

function postgresNode(node: Fields): PlanNode {
  const type = text(node['Node Type'] ?? 'step')
  const join = text(node['Join Type'] ?? 'Inner')
  const index = node['Index Name']
  const table = node['Relation Name']
  return {
    title: join === 'Inner' ? type : `${join} ${type}`,
    on: [table, index === undefined ? null : `by ${text(index)}`].filter(Boolean).map(text).join(' ') || null,
    isWhole: type.endsWith('Seq Scan'),
    details: POSTGRES_DETAILS.flatMap((name) =>
      node[name] === undefined ? [] : [[name, text(node[name])] as const],
    ),
    rows: numberOf(node['Actual Rows'] ?? node['Plan Rows']),
    cost: numberOf(node['Total Cost']),
    children: list(node['Plans']).map(postgresNode),
  }
}

/** MySQL and MariaDB nest a query by what is done with it: steps are named by their fields. */
function mysqlNodes(fields: Fields): PlanNode[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    const members = (Array.isArray(value) ? value : [value]).filter(isRecord)
    return members.flatMap((each): PlanNode[] => {
      const inner = mysqlNodes(each)
      if (name === 'table') return [tableNode(each, inner)]
      if (!/_operation$|^filesort$|^temporary_table$|_subqueries$|^union_result$/.test(name)) return inner
      const title = name.replaceAll('_', ' ')
      const cost = numberOf((each['cost_info'] as Fields | undefined)?.['query_cost'] ?? each['cost'])
      return [{ title, on: null, isWhole: false, details: [], rows: null, cost, children: inner }]
    })
  })
}

function tableNode(table: Fields, children: readonly PlanNode[]): PlanNode {
  const type = text(table['access_type'] ?? 'table')
  const key = table['key']
  return {
    title: type === 'ALL' ? 'reads the whole table' : type,
    on: `${text(table['table_name'] ?? '')}${key === undefined ? '' : ` by ${text(key)}`}`,
    isWhole: type === 'ALL',
    details:
      table['attached_condition'] === undefined ? [] : [['condition', text(table['attached_condition'])]],
    rows: numberOf(table['rows_examined_per_scan'] ?? table['rows']),
    cost: numberOf((table['cost_info'] as Fields | undefined)?.['prefix_cost'] ?? table['cost']),
    children,
  }
}

function sqliteNode(line: string): PlanNode {
  const [, verb = line, table = null, rest = ''] = /^(SCAN|SEARCH) (\S+) ?(.*)$/.exec(line) ?? []
  return {
    title: verb,
    on: table,
    isWhole: verb === 'SCAN' && !/INDEX/.test(rest),
    details: rest === '' ? [] : [['', rest]],
    rows: null,
    cost: null,
    children: [],
  }
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  return Array.isArray(value) ? value.map(text).join(', ') : (JSON.stringify(value) ?? '')
}
