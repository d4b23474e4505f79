import type { Condition } from './query-shape.ts'

/** What a WHERE asks of one table, before it is taken apart. */
export type ConditionTree =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly ConditionTree[] }
  | { readonly kind: 'condition'; readonly condition: Condition }
  /** Something that no index of this table can answer, or that is not known: it keeps rows away all the same. */
  | { readonly kind: 'opaque' }

/** One way in which the WHERE can be true, as far as an index can use it. */
export interface ConditionArm {
  readonly conditions: readonly Condition[]
  readonly isPartial: boolean
  /** It asks the same of a column twice, or by different values: one condition stands for them. */
  readonly isMerged: boolean
}

/** More arms than anyone makes indexes for: the OR is then left to a scan. */
const MOST_ARMS = 8

export const opaque: ConditionTree = { kind: 'opaque' }

export function and(parts: readonly ConditionTree[]): ConditionTree {
  return { kind: 'and', parts }
}

export function condition(each: Condition): ConditionTree {
  return { kind: 'condition', condition: each }
}

/** `a AND (b OR c)` → `{a, b}`, `{a, c}`: what each index would have to hold. */
export function armsOf(tree: ConditionTree): ConditionArm[] {
  const arms = expand(tree)
  const capped = arms.length > MOST_ARMS ? [commonPart(tree)] : arms
  return capped.map(({ conditions, isPartial }) => {
    const merged = merge(conditions)
    return { conditions: merged, isPartial, isMerged: merged.length < conditions.length }
  })
}

interface Arm {
  readonly conditions: readonly Condition[]
  readonly isPartial: boolean
}

const nothing: Arm = { conditions: [], isPartial: false }

function expand(tree: ConditionTree): Arm[] {
  switch (tree.kind) {
    case 'condition':
      return [{ conditions: [tree.condition], isPartial: false }]
    case 'opaque':
      return [{ conditions: [], isPartial: true }]
    case 'or':
      return tree.parts.length === 0 ? [nothing] : tree.parts.flatMap(expand)
    case 'and': {
      let arms: Arm[] = [nothing]
      for (const part of tree.parts) {
        const more = expand(part)
        if (arms.length * more.length > MOST_ARMS * 4) return [commonPart(tree)]
        arms = arms.flatMap((arm) => more.map((other) => join(arm, other)))
      }
      return arms
    }
  }
}

/** Only what stands outside of every OR. */
function commonPart(tree: ConditionTree): Arm {
  switch (tree.kind) {
    case 'condition':
      return { conditions: [tree.condition], isPartial: false }
    case 'opaque':
    case 'or':
      return { conditions: [], isPartial: true }
    case 'and':
      return tree.parts.map(commonPart).reduce(join, nothing)
  }
}

function join(a: Arm, b: Arm): Arm {
  return { conditions: [...a.conditions, ...b.conditions], isPartial: a.isPartial || b.isPartial }
}

/** A condition that is always there wins over an optional one; of a range the two bounds are kept. */
function merge(conditions: readonly Condition[]): Condition[] {
  const merged = new Map<string, Condition>()
  for (const each of conditions) {
    const key = `${each.column}\u0000${each.operator}${each.comparison?.charAt(0) ?? ''}`
    const known = merged.get(key)
    if (known === undefined || (known.isOptional && !each.isOptional)) merged.set(key, each)
  }
  return [...merged.values()]
}
