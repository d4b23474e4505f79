import type { SqlQueryable } from './adapter-ports.ts'

/** Runs the adapter or transaction on a given client of its driver: same conversions, but it does not pick the connection. */
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
