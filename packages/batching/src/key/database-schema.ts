import { DriverTap, type Host, type Model, type SqlAdapter } from '@prisma-brisk/core'

const key = Symbol('prisma-brisk.batching.database-schema')

/**
 * The schema in which Prisma looks for the table of a model; null where the database has none, undefined on PostgreSQL until
 * {@link learnSchema} has found it.
 */
export function schemaOf(host: Host, model: Model): string | null | undefined {
  if (model.dbSchema !== null) return model.dbSchema
  if (host.provider !== 'postgresql') return null
  const tap = DriverTap.of(host)
  if (tap === null) return 'public'
  return tap.adapter === null ? learnt(host).schema : schemaNamedBy(tap.adapter)
}

/**
 * Finds the schema of tables that name none: the driver adapter says it, once it is connected. A client that was connected
 * before it was extended has an adapter that we do not see, so that another one is asked, which opens no connection.
 */
export async function learnSchema(host: Host): Promise<void> {
  const known = learnt(host)
  const tap = DriverTap.of(host)
  if (host.provider !== 'postgresql' || tap?.adapter !== null || known.schema !== undefined) return
  const apart = await tap.connectApart()
  known.schema = schemaNamedBy(apart)
  await apart.dispose()
}

const schemaNamedBy = (adapter: SqlAdapter): string => adapter.getConnectionInfo?.().schemaName ?? 'public'

const learnt = (host: Host): { schema?: string } => host.state(key, () => ({}))
