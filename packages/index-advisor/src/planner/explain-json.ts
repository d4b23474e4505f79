import { withoutLiterals } from './plan.ts'
import type { Plan, PlanNode } from './plan.ts'

/** What PostgreSQL prints for `EXPLAIN (FORMAT JSON)`, as far as it is read here. */
export interface ExplainNode {
  readonly 'Node Type': string
  readonly 'Parallel Aware'?: boolean
  readonly 'Join Type'?: string
  readonly 'Relation Name'?: string
  readonly Schema?: string
  readonly Alias?: string
  readonly 'Index Name'?: string
  readonly 'Startup Cost': number
  readonly 'Total Cost': number
  readonly 'Plan Rows': number
  readonly 'Sort Key'?: readonly string[]
  readonly 'Presorted Key'?: readonly string[]
  readonly 'Subplan Name'?: string
  readonly Plans?: readonly ExplainNode[]
  readonly [property: string]: unknown
}

/** The plan that `EXPLAIN (FORMAT JSON)` answered with, which some drivers parse; undefined where there is none. */
export function planOf(rows: readonly Readonly<Record<string, unknown>>[]): ExplainNode | undefined {
  const printed = rows[0]?.['QUERY PLAN']
  const [explained] = (typeof printed === 'string' ? JSON.parse(printed) : printed) as { Plan: ExplainNode }[]
  return explained?.Plan
}

const conditionProperties = [
  'Index Cond',
  'Recheck Cond',
  'Filter',
  'Hash Cond',
  'Merge Cond',
  'Join Filter',
  'TID Cond',
  'One-Time Filter',
  'Cache Key',
  'Order By',
]

/** `nameOf` turns the server's name of a hypothetical index into its id. */
export function readExplain(root: ExplainNode, nameOf: (index: string) => string): Plan {
  const uses = new Set<string>()
  const read = (node: ExplainNode): PlanNode => {
    const index = node['Index Name'] === undefined ? null : nameOf(node['Index Name'])
    if (index !== null) uses.add(index)
    return {
      type: typeOf(node),
      relation: node['Relation Name'] ?? null,
      index,
      conditions: conditionProperties.flatMap((property) => {
        const condition = node[property]
        return typeof condition === 'string' ? [`${property}: ${withoutLiterals(condition)}`] : []
      }),
      sort: (node['Sort Key'] ?? []).map(withoutLiterals),
      startupCost: node['Startup Cost'],
      cost: node['Total Cost'],
      rows: node['Plan Rows'],
      children: (node.Plans ?? []).map(read),
    }
  }
  const tree = read(root)
  return { cost: tree.cost, rows: tree.rows, root: tree, uses: [...uses].sort() }
}

function typeOf(node: ExplainNode): string {
  const parallel = node['Parallel Aware'] === true ? 'Parallel ' : ''
  const join = node['Join Type'] === undefined || node['Join Type'] === 'Inner' ? '' : ` ${node['Join Type']}`
  const strategy = node['Strategy'] === 'Hashed' ? 'Hash' : node['Strategy'] === 'Sorted' ? 'Group' : ''
  return `${parallel}${strategy}${node['Node Type']}${join}`
}
