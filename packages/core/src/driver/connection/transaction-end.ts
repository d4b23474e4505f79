import type { SqlTransaction } from './adapter-ports.ts'
import { onClient } from './pool-client.ts'

/** The connection of a transaction, where its adapter has one for us to see. */
export function connectionOf(target: SqlTransaction): object {
  const { client } = target as { client?: unknown }
  return typeof client === 'object' && client !== null ? client : target
}

export function rolledBack(target: SqlTransaction): Promise<unknown> {
  if (target.options.usePhantomQuery) return target.rollback()
  return target.executeRaw({ sql: 'ROLLBACK', args: [], argTypes: [] })
}

/** The transaction, where it releases its connection by itself with COMMIT: it does so once `hold` has settled. */
export function releasedAfter(
  target: SqlTransaction,
  hold: () => PromiseLike<unknown> | null,
): SqlTransaction {
  const client = connectionOf(target) as Partial<MariaDbClient>
  const { query, release } = client
  if (query === undefined || release === undefined) return target
  return onClient(target, {
    query: query.bind(client),
    release: async () => {
      await hold()
      await release.call(client)
    },
  })
}

interface MariaDbClient {
  query(request: unknown): Promise<unknown>
  release(): Promise<void>
}
