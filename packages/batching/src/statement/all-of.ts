import type { Args } from '@prisma-brisk/core'

/**
 * Both conditions, beside each other unless one name stands in both. The first one keeps its place: `OR: []` finds nothing,
 * and Prisma forgets it within an `AND`.
 */
export function allOf(one: Args, other: Args): Args {
  if (!Object.keys(other).some((name) => name in one)) return { ...one, ...other }
  const { AND: and = [] } = one
  return { ...one, AND: [...(Array.isArray(and) ? (and as unknown[]) : [and]), other] }
}
