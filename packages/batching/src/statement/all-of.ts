import type { Args } from '@prisma-brisk/core'

/** Both conditions, beside each other unless one name stands in both. */
export function allOf(one: Args, other: Args): Args {
  return Object.keys(other).some((name) => name in one) ? { AND: [one, other] } : { ...one, ...other }
}
