import { InvalidOptionsError, quoteIdentifier, type Field, type SchemaModel } from '@prisma-brisk/core'
import { watchedTables, type Table } from './watched-tables.ts'

/** The channel on which triggers tell, unless another is given. */
export const CHANNEL = 'brisk_changes'

/** The triggers of each table, by what they fire on, and the rows that each sees. */
export const TRIGGERS = {
  brisk_changes_insert: { on: 'INSERT', sees: 'NEW TABLE AS brisk_new' },
  brisk_changes_update: { on: 'UPDATE', sees: 'OLD TABLE AS brisk_old NEW TABLE AS brisk_new' },
  brisk_changes_delete: { on: 'DELETE', sees: 'OLD TABLE AS brisk_old' },
  brisk_changes_truncate: { on: 'TRUNCATE', sees: null },
} as const

/** What the triggers tell: those of the first version told the columns of unique keys alone. */
export const VERSION = 2

/** Rows of one statement whose keys are told; of more, the table alone. */
const ROWS = 100
/** Bytes that a notification may have, with some to spare: PostgreSQL takes 7,999. */
const BYTES = 7900

export interface TriggerSettings {
  /** Models whose tables are watched; default: all. Join tables go with the models that they join. */
  readonly models?: readonly string[] | undefined
  /** The channel that they tell on; default `brisk_changes`. */
  readonly channel?: string | undefined
  /**
   * Watch the partitions that there are when the SQL is run, too: a statement that names a partition fires the triggers of that
   * partition alone. Default false; a table with partitions that are not watched counts as not watched.
   */
  readonly partitions?: boolean | undefined
}

/**
 * SQL that makes the triggers of `postgresTriggers()`, for a migration. It can be run again, after any change of the
 * schema: what is there is replaced. What each statement has changed is told with `pg_notify` when its transaction commits;
 * a trigger that cannot name the rows, because a column has another name by now, tells the table, and fails nothing.
 */
export function installTriggersSql(schema: SchemaModel, settings: TriggerSettings = {}): string {
  checkChannel('installTriggersSql', settings.channel)
  const tables = watchedTables(schema, settings.models)
  const parts = tables.map((table) => installOn(table, settings.channel ?? CHANNEL))
  if (settings.partitions === true) parts.push(onPartitions(tables))
  return `${[HEADER, ...parts].join('\n\n')}\n`
}

/** SQL that takes the triggers and their functions away again. */
export function uninstallTriggersSql(schema: SchemaModel, settings: TriggerSettings = {}): string {
  const parts = watchedTables(schema, settings.models).map((table) => {
    // A function goes with all triggers that call it, those of partitions too.
    return `DROP FUNCTION IF EXISTS ${functionOf(table)}() CASCADE;`
  })
  return `-- Takes the triggers of prisma-brisk away.\n\n${parts.join('\n')}\n`
}

const HEADER = `-- Tells the cache of prisma-brisk which rows have changed, whoever changed them.
-- It can be run again. "npx brisk changes uninstall" writes the migration that takes it away.`

/**
 * A channel that PostgreSQL refuses would make every write of every table fail; the source has one beside it, 13 bytes longer.
 *
 * @throws InvalidOptionsError
 */
export function checkChannel(name: string, channel: unknown): void {
  if (channel === undefined) return
  if (typeof channel !== 'string' || channel === '' || Buffer.byteLength(channel) > 50)
    throw new InvalidOptionsError(`${name}.channel`, 'a name of 1 to 50 bytes', channel)
}

const quoted = (name: string): string => quoteIdentifier(name, '"')
const inSchema = ({ schema }: Table, name: string): string =>
  schema === null ? quoted(name) : `${quoted(schema)}.${quoted(name)}`

/** In the schema of its table. A name of PostgreSQL has at most 63 bytes, and what is longer would be cut. */
function functionOf(table: Table): string {
  const name = `brisk_changes_${table.name}`
  return inSchema(table, Buffer.byteLength(name) <= 63 ? name : shortened(name))
}

/** Cut to where no character is broken, with a checksum of all of it (FNV-1a). */
function shortened(name: string): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  let kept = name
  while (Buffer.byteLength(kept) > 54) kept = kept.slice(0, -1)
  return `${kept}_${hash.toString(16).padStart(8, '0')}`
}

function installOn(table: Table, channel: string): string {
  const target = inSchema(table, table.name)
  const call = functionOf(table)
  const triggers = Object.entries(TRIGGERS).flatMap(([name, { on, sees }]) => [
    `DROP TRIGGER IF EXISTS ${name} ON ${target};`,
    `CREATE TRIGGER ${name} AFTER ${on} ON ${target}${sees === null ? '' : ` REFERENCING ${sees}`}
  FOR EACH STATEMENT EXECUTE FUNCTION ${call}();`,
  ])
  return [`CREATE OR REPLACE FUNCTION ${call}() RETURNS trigger`, body(table, channel), ...triggers].join(
    '\n',
  )
}

/**
 * An update tells its rows before and after, each with all that is told of it, without looking for those that are equal: that
 * costs more than what it saves, but where the text is too long to be told.
 */
function body({ fields }: Table, channel: string): string {
  const columns = fields.map((field) => quoted(field.column)).join(', ')
  const pick = (of: string) => `SELECT ${columns} FROM ${of}`
  const values = `json_build_array(${fields.map(textOf).join(', ')})`
  const read = (from: string, most: number) =>
    fields.length === 0
      ? `SELECT count(*) INTO n FROM (${from} LIMIT 1) AS r;`
      : `SELECT count(*), json_agg(k) INTO n, rows FROM (SELECT ${values} AS k FROM (${from} LIMIT ${most + 1}) AS r) AS x;
      IF n > ${most} THEN
        rows := NULL;
      END IF;`
  // As texts: a type may find values equal that are spelled differently.
  const apart = `SELECT count(*), '[' || string_agg(k, ',') || ']' INTO n, rows
          FROM (SELECT ${values}::text AS k FROM brisk_old AS r UNION SELECT ${values}::text FROM brisk_new AS r LIMIT ${ROWS + 1}) AS x;
        IF n > ${ROWS} THEN
          rows := NULL;
        END IF;`
  const updated =
    fields.length === 0
      ? read(pick('brisk_new'), 1)
      : `${read(`${pick('brisk_old')} UNION ALL ${pick('brisk_new')}`, 2 * ROWS)}
      IF octet_length(rows) > ${BYTES / 2} THEN
        ${apart}
      END IF;`
  const told = `'{"t":' || coalesce(home, json_build_array(TG_TABLE_SCHEMA, TG_TABLE_NAME)::text)
    || ',"v":${VERSION},"x":"' || pg_catalog.txid_current()
    || ${literal(`","c":${JSON.stringify(fields.map(({ column }) => column))},"r":`)} || coalesce(rows, 'null') || '}'`
  return `LANGUAGE plpgsql AS $brisk$
#variable_conflict use_column
DECLARE
  home text;
  n bigint;
  rows text;
  told text;
BEGIN
  BEGIN
    IF TG_OP = 'INSERT' THEN
      ${read(pick('brisk_new'), ROWS)}
    ELSIF TG_OP = 'UPDATE' THEN
      ${updated}
    ELSIF TG_OP = 'DELETE' THEN
      ${read(pick('brisk_old'), ROWS)}
    END IF;
    IF n = 0 THEN
      RETURN NULL;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    rows := NULL;
  END;
  IF TG_NARGS > 0 THEN
    -- A partition tells the name of its table.
    SELECT json_build_array(p.nspname, c.relname) INTO home FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace p ON p.oid = c.relnamespace WHERE c.oid = coalesce(pg_catalog.pg_partition_root(TG_RELID), TG_RELID);
  END IF;
  told := ${told};
  IF octet_length(told) > ${BYTES} THEN
    rows := NULL;
    told := ${told};
  END IF;
  PERFORM pg_catalog.pg_notify(${literal(channel)}, told);
  RETURN NULL;
END
$brisk$;`
}

/** The text that the client's value of a column has; `::text` writes some types otherwise than the driver reads them. */
function textOf({ column, nativeType }: Field): string {
  const name = `r.${quoted(column)}`
  return nativeType !== null && PADDED.has(nativeType.name)
    ? `CASE WHEN ${name} IS NOT NULL THEN format('%s', ${name}) END`
    : `${name}::text`
}

/** `char(n)` loses its blanks, an address gains its mask. */
const PADDED: ReadonlySet<string> = new Set(['Char', 'Inet'])

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A statement that names a partition fires the triggers of the partition alone. */
function onPartitions(tables: readonly Table[]): string {
  const names = tables.map((table) => literal(inSchema(table, table.name)))
  const functions = tables.map((table) => literal(functionOf(table)))
  const triggers = Object.entries(TRIGGERS).flatMap(([name, { on, sees }]) => [
    `      EXECUTE format('DROP TRIGGER IF EXISTS ${name} ON %s', part);`,
    `      EXECUTE format('CREATE TRIGGER ${name} AFTER ${on} ON %s${sees === null ? '' : ` REFERENCING ${sees}`} FOR EACH STATEMENT EXECUTE FUNCTION %s(''partition'')', part, functions[i]);`,
  ])
  return `-- Partitions that there are now.
DO $brisk$
DECLARE
  tables text[] := ARRAY[${names.join(', ')}];
  functions text[] := ARRAY[${functions.join(', ')}];
  part regclass;
BEGIN
  FOR i IN 1 .. coalesce(array_length(tables, 1), 0) LOOP
    FOR part IN SELECT relid FROM pg_partition_tree(tables[i]::regclass) WHERE level > 0 LOOP
${triggers.join('\n')}
    END LOOP;
  END LOOP;
END
$brisk$;`
}
