import type { Node } from 'libpg-query'

/** One of the conditions that hold together for the rows of a statement. */
export interface Qual {
  readonly node: Node
  /** The side of an outer join that keeps its rows whatever its ON says. */
  readonly kept: ReadonlySet<string>
}

/** `a AND (b AND c)` → a, b, c */
export function conjuncts(node: Node): Node[] {
  if ('BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR')
    return (node.BoolExpr.args ?? []).flatMap(conjuncts)
  return [node]
}

const NOBODY: ReadonlySet<string> = new Set()

/** The conditions of a statement as they are found: those of WHERE, and those of each join. */
export class Quals {
  private readonly found: { node: Node; kept: ReadonlySet<string>; missing: ReadonlySet<string> }[] = []

  where(node: Node | undefined): void {
    if (node !== undefined) this.add(node, NOBODY, NOBODY)
  }

  /**
   * @param kept aliases on the side that keeps its rows
   * @param missing aliases on the other side, whose rows may be missing
   */
  on(node: Node, kept: ReadonlySet<string>, missing: ReadonlySet<string>): void {
    this.add(node, kept, missing)
  }

  /**
   * All of them. An outer join whose missing side must fulfil a condition elsewhere is an inner one.
   *
   * @param mustExist whether the condition is false where the table's row is missing
   */
  all(mustExist: (node: Node, alias: string) => boolean): Qual[] {
    const strict = this.found.filter((each) => each.kept.size === 0)
    return this.found.map(({ node, kept, missing }) => {
      const isInner = [...missing].some((alias) => strict.some((each) => mustExist(each.node, alias)))
      return { node, kept: isInner ? NOBODY : kept }
    })
  }

  private add(node: Node, kept: ReadonlySet<string>, missing: ReadonlySet<string>): void {
    for (const each of conjuncts(node)) this.found.push({ node: each, kept, missing })
  }
}
