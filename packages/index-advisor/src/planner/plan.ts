/** A plan as every planner gives it: costs in the planner's own units, and no value of any parameter. */
export interface Plan {
  readonly cost: number
  readonly rows: number
  readonly root: PlanNode
  /** `id` of the hypothetical indexes and names of the existing ones that the plan reads. Sorted. */
  readonly uses: readonly string[]
  /** What of the cost is not the planner's word, for people: `how many rows a range finds`. */
  readonly estimated?: string
}

export interface PlanNode {
  /** `Index Scan`, `Hash Join`, … */
  readonly type: string
  readonly relation: string | null
  readonly index: string | null
  /** Conditions, with `?` for every literal. */
  readonly conditions: readonly string[]
  readonly sort: readonly string[]
  readonly startupCost: number
  readonly cost: number
  readonly rows: number
  readonly children: readonly PlanNode[]
}

/** Node types from the root down, indexes by name: two plans of one shape do the same in the same order. */
export function planShape(node: PlanNode): string {
  const label = [node.type, node.relation, node.index].filter((part) => part !== null).join(' ')
  if (node.children.length === 0) return label
  return `${label}(${node.children.map(planShape).join(', ')})`
}

export function* planNodes(node: PlanNode): Generator<PlanNode> {
  yield node
  for (const child of node.children) yield* planNodes(child)
}

/**
 * `("authorId" = 7) AND (title ~~ 'x%'::text)` → `("authorId" = ?) AND (title ~~ ?)`. Works on what PostgreSQL
 * prints: quoted identifiers, string literals with doubled quotes or the E prefix, numbers; parameters stay.
 */
export function withoutLiterals(condition: string): string {
  return condition.replace(
    /"(?:[^"]|"")*"|\$\d+|[Ee]?'(?:[^']|'')*'(?:::(?:"(?:[^"]|"")*"|[\w.]|\s(?=(?:varying|precision|without|with|time|zone)\b)|\(\d+(?:,\d+)?\)|\[\])+)?|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gu,
    (token) => (/^["$A-Za-z_\u0080-\uffff]/u.test(token) && !/^[Ee]'/.test(token) ? token : '?'),
  )
}
