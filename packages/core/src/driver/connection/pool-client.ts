import type { SqlQueryable } from './adapter-ports.ts'

/** The adapter or transaction, on another client of its driver: all of its conversions, none of its choice. */
export function onClient<T extends SqlQueryable>(target: T, client: object): T {
  const other = Object.create(target) as T & { client: object }
  other.client = client
  return other
}

/** Fails as the adapter itself would, so that Prisma knows the error. */
export function failAs(target: SqlQueryable, error: unknown): never {
  const { onError } = target as { onError?: (error: unknown) => never }
  onError?.call(target, error)
  throw error
}
