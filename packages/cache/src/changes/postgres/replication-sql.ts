import { quoteIdentifier, type SchemaModel } from '@prisma-brisk/core'
import { watchedTables, type Table } from './watched-tables.ts'

/** The publication that is read, unless another is given. */
export const PUBLICATION = 'brisk_changes'

export interface ReplicationSettings {
  /** Models whose tables are published; default: all. Join tables go with the models that they join. */
  readonly models?: readonly string[] | undefined
  /** The publication's name; default `brisk_changes`. */
  readonly publication?: string | undefined
  /**
   * Log the whole row before each update and delete (`REPLICA IDENTITY FULL`), so that rows fall alone by every unique key, lists
   * by value, and nothing twice that the application's own writes have invalidated. Default false: the log has the old primary
   * key alone, and each update drops the lists of its table. Partitioned tables keep what they have.
   */
  readonly fullRows?: boolean | undefined
}

/**
 * SQL that makes the publication of `postgresReplication()`, for a migration. It can be run again, after any change of the
 * schema: the publication then has the tables of the schema as it is, with their partitions, today's and tomorrow's.
 *
 * A table without a primary key gets `REPLICA IDENTITY FULL`, without which PostgreSQL refuses its updates once it
 * is published. A partitioned one is left out: partitions that are made later would not have it.
 */
export function installReplicationSql(schema: SchemaModel, settings: ReplicationSettings = {}): string {
  const { publication = PUBLICATION, fullRows = false } = settings
  const tables = watchedTables(schema, settings.models)
  return `-- Publishes what changes to the cache of prisma-brisk, whoever changes it.
-- It can be run again. "npx brisk changes uninstall --replication" writes the migration that takes it away.

DO $brisk$
DECLARE
  named text[] := ${array(tables)};
  published text[] := '{}';
  one regclass;
  kind record;
BEGIN
  FOR i IN 1 .. coalesce(array_length(named, 1), 0) LOOP
    one := named[i]::regclass;
    SELECT relkind, relpersistence, relreplident INTO kind FROM pg_class WHERE oid = one;
    -- Foreign and unlogged tables cannot be published.
    CONTINUE WHEN kind.relkind NOT IN ('r', 'p') OR kind.relpersistence <> 'p';
    IF kind.relreplident IN ('d', 'n') AND (${fullRows ? "kind.relkind = 'r' OR " : ''}kind.relreplident = 'n' OR NOT EXISTS (SELECT FROM pg_index WHERE indrelid = one AND indisprimary)) THEN
      CONTINUE WHEN kind.relkind = 'p';
      EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', one);
    END IF;
    -- Tables that inherit from it have a replica identity of their own, or none, without which their updates would be refused.
    published := published || ('ONLY ' || named[i]);
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = ${literal(publication)}) THEN
    CREATE PUBLICATION ${quoted(publication)};
  END IF;
  ALTER PUBLICATION ${quoted(publication)} SET (publish = 'insert, update, delete, truncate');
  IF published <> '{}' THEN
    EXECUTE format('ALTER PUBLICATION ${quoted(publication)} SET TABLE %s', array_to_string(published, ', '));
  END IF;
END
$brisk$;
`
}

/** SQL that takes the publication away again, and the whole rows that only it asked for. */
export function uninstallReplicationSql(schema: SchemaModel, settings: ReplicationSettings = {}): string {
  const { publication = PUBLICATION, fullRows = false } = settings
  return `-- Takes the publication of prisma-brisk away.

DROP PUBLICATION IF EXISTS ${quoted(publication)};

-- ${fullRows ? 'Tables that log whole rows' : 'Tables that had no other key'}, where no other publication needs it.
DO $brisk$
DECLARE
  named text[] := ${array(watchedTables(schema, settings.models))};
  one regclass;
BEGIN
  FOR i IN 1 .. coalesce(array_length(named, 1), 0) LOOP
    one := to_regclass(named[i]);
    IF EXISTS (SELECT FROM pg_class WHERE oid = one AND relkind = 'r' AND relreplident = 'f')${
      fullRows
        ? ''
        : `
      AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = one AND indisprimary)`
    }
      AND NOT EXISTS (SELECT FROM pg_publication p, LATERAL pg_get_publication_tables(p.pubname) t WHERE t.relid = one) THEN
      EXECUTE format('ALTER TABLE %s REPLICA IDENTITY DEFAULT', one);
    END IF;
  END LOOP;
END
$brisk$;

-- Permanent slots that nobody reads: each of them keeps the server's log.
DO $brisk$
BEGIN
  PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots
    WHERE slot_name LIKE 'brisk\\_%' AND plugin = 'pgoutput' AND database = current_database() AND NOT active AND NOT temporary;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING 'A slot of prisma-brisk is left, for want of the right to replicate. See pg_replication_slots.';
END
$brisk$;
`
}

const quoted = (name: string): string => quoteIdentifier(name, '"')
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

const array = (tables: readonly Table[]): string =>
  `ARRAY[${tables
    .map(({ schema, name }) => literal(schema === null ? quoted(name) : `${quoted(schema)}.${quoted(name)}`))
    .join(', ')}]::text[]`
