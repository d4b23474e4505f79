import type { StaticValue } from '../values/static-value.ts'

/** A call of Prisma Client, its arguments as far as they are known. */
export interface PrismaCall {
  readonly model: string
  readonly operation: string
  readonly args: StaticValue
  /** Model and relation field of a fluent call, `prisma.user.findUnique(…).posts(…)`; null for any other. */
  readonly via: { readonly model: string; readonly field: string } | null
  /** `src/post.ts:12:20` */
  readonly at: string
  readonly weight: number
  /** The type of its client is lost; its model and operation are known by their names. */
  readonly isByName: boolean
}
