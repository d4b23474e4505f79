import { canonicalize } from '@prisma-brisk/core'

/** Whether two results differ; lists without an order are compared as sets, since the database may give any order. */
export function differ(a: unknown, b: unknown, ordered: boolean): boolean {
  if (ordered || !Array.isArray(a) || !Array.isArray(b)) return canonicalize({ a }) !== canonicalize({ a: b })
  return sorted(a) !== sorted(b)
}

function sorted(rows: readonly unknown[]): string {
  return rows
    .map((row) => canonicalize({ row }))
    .sort()
    .join('\n')
}
