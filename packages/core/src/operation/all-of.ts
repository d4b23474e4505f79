type Where = Readonly<Record<string, unknown>>

/**
 * Both conditions, beside each other unless one name stands in both. The first one keeps its place: `OR: []` finds nothing,
 * and Prisma forgets it within an `AND`.
 */
export function allOf(one: Where, other: Where): Where {
  if (!Object.keys(other).some((name) => name in one)) return { ...one, ...other }
  const { AND: and = [] } = one
  return { ...one, AND: [...(Array.isArray(and) ? (and as unknown[]) : [and]), other] }
}
