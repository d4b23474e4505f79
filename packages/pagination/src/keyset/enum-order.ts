import { quoteIdentifier, type Call, DriverTap, type EnumType, type Host } from '@prisma-brisk/core'
import { mysqlColumnOf } from './mysql-column.ts'
import type { SortKey } from './sort-key.ts'

/**
 * The values of boolean and enum keys in the database's own order, by field. Prisma compares neither with `gt`, and an enum that was
 * altered in the database need not have the order of the schema: it is asked for, once per client.
 */
export async function enumOrdersOf(
  call: Call,
  keys: readonly SortKey[],
  /** Called before the database is asked. */
  beforeAsking: (field: string) => void,
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const enumOrders = new Map<string, readonly unknown[]>()
  for (const { field, type } of keys) {
    if (type.kind === 'boolean') enumOrders.set(field, BOOLEANS)
    if (type.enumType !== null)
      enumOrders.set(field, await enumOrder(call, field, type.enumType, beforeAsking))
  }
  return enumOrders
}

const BOOLEANS = Object.freeze([false, true])
const state = Symbol('prisma-brisk.pagination.enums')

async function enumOrder(
  call: Call,
  field: string,
  enumType: EnumType,
  beforeAsking: (field: string) => void,
): Promise<readonly string[]> {
  const known = call.host.state(state, () => new Map<string, readonly string[]>())
  const key = `${call.model}.${field}`
  const found = known.get(key)
  if (found !== undefined) return found
  const labels = await labelsOf(call, field, enumType, beforeAsking)
  const names = new Map(enumType.values.map(({ name, dbName }) => [dbName, name]))
  const order = labels.flatMap((label) => names.get(label) ?? [])
  known.set(key, order)
  return order
}

function labelsOf(
  call: Call,
  field: string,
  enumType: EnumType,
  beforeAsking: (field: string) => void,
): Promise<readonly string[]> {
  switch (call.host.provider) {
    case 'postgresql':
    case 'cockroachdb':
      beforeAsking(field)
      return postgresLabels(call, enumType)
    case 'mysql':
      return mysqlLabels(call, field, beforeAsking)
    default:
      // A text column: the order of its bytes.
      return Promise.resolve(
        enumType.values
          .map(({ dbName }) => dbName)
          .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      )
  }
}

async function postgresLabels(call: Call, { dbName, dbSchema }: EnumType): Promise<readonly string[]> {
  const schema = dbSchema ?? schemaOf(call.host)
  const type = [...(schema === null ? [] : [schema]), dbName].map((part) => quoteIdentifier(part)).join('.')
  const rows = await call.queryRaw(
    'SELECT enumlabel::text AS label FROM pg_enum WHERE enumtypid = to_regtype($1) ORDER BY enumsortorder',
    [type],
  )
  return (rows as { label: string }[]).map(({ label }) => label)
}

function schemaOf(host: Host): string | null {
  return DriverTap.of(host)?.adapter?.getConnectionInfo?.().schemaName ?? null
}

async function mysqlLabels(
  call: Call,
  field: string,
  beforeAsking: (field: string) => void,
): Promise<readonly string[]> {
  const column = await mysqlColumnOf(call, field, beforeAsking)
  const labels = (column?.type ?? '').matchAll(/'((?:[^']|'')*)'/g)
  return [...labels].map(([, label]) => (label as string).replaceAll("''", "'"))
}
