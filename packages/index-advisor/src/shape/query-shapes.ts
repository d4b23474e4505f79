import type { CatalogTable } from '../catalog/catalog.ts'
import type { QueryShape, ShapeEvidence } from './query-shape.ts'
import { armsOf, type ConditionTree } from './condition-tree.ts'

/** The shapes of one query, as they are found. */
export class QueryShapes {
  readonly all: QueryShape[] = []
  private ors = 0

  /** One shape for each arm of the conditions. */
  add(
    { name, schema }: CatalogTable,
    tree: ConditionTree,
    rows: Pick<QueryShape, 'order' | 'limit' | 'offset' | 'sets'>,
    evidence: ShapeEvidence,
  ): void {
    const arms = armsOf(tree)
    const arm = arms.length > 1 ? this.ors++ : null
    for (const { conditions, isPartial } of arms)
      this.all.push({ table: name, schema, conditions, ...rows, arm, isPartial, evidence })
  }
}
