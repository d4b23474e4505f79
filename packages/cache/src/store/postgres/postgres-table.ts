/** Where the cache's table is. */
export interface TableName {
  readonly schema: string
  readonly table: string
}

/** Rows that are cleaned away at once, so that no statement takes long. */
export const CLEANED_AT_ONCE = 5_000

/**
 * The statements of one table. A row is an entry (`name` is its key), the stamp of a tag (`name`), or, with `mark`, a
 * write that is under way (`name` is the tag) or a lock (`name` is the key). All times are the server's.
 *
 * Rows are locked in the order of their names, so that no two statements wait for each other.
 */
export function statementsOf({ schema, table }: TableName) {
  const name = `${quoted(schema)}.${quoted(table)}`
  const after = (parameter: string) => `statement_timestamp() + ${parameter} * interval '1 millisecond'`
  return {
    find: `SELECT name, mark, value FROM ${name} WHERE name = ANY($1::text[]) AND expires > statement_timestamp()`,

    /** Of tags that have no stamp; where another process was faster, its own stays. */
    stamp: `INSERT INTO ${name} AS kept (name, mark, value, expires)
SELECT made.name, '', made.stamp, ${after('$3::float8')}
FROM unnest($1::text[], $2::text[]) AS made (name, stamp) ORDER BY made.name COLLATE "C"
ON CONFLICT (name, mark) DO UPDATE SET value = excluded.value, expires = excluded.expires
WHERE kept.expires <= statement_timestamp()`,

    write: `INSERT INTO ${name} (name, mark, value, expires) VALUES ($1, '', $2, ${after('$3::float8')})
ON CONFLICT (name, mark) DO UPDATE SET value = excluded.value, expires = excluded.expires`,

    extend: `UPDATE ${name} SET expires = greatest(expires, ${after('$3::float8')})
WHERE name = $1 AND mark = '' AND value = $2`,

    drop: `DELETE FROM ${name} WHERE (name, mark) IN (
  SELECT name, mark FROM ${name} WHERE name = ANY($1::text[]) AND mark = '' ORDER BY name FOR UPDATE
)`,

    mark: `INSERT INTO ${name} (name, mark, value, expires)
SELECT tag, $2, '', ${after('$3::float8')} FROM unnest($1::text[]) AS tag ORDER BY tag COLLATE "C"
ON CONFLICT (name, mark) DO UPDATE SET expires = excluded.expires`,

    unmark: `DELETE FROM ${name} WHERE (name, mark) IN (
  SELECT name, mark FROM ${name} WHERE name = ANY($1::text[]) AND mark = $2 ORDER BY name FOR UPDATE
)`,

    lock: `INSERT INTO ${name} AS kept (name, mark, value, expires) VALUES ($1, '${LOCK}', $2, ${after('$3::float8')})
ON CONFLICT (name, mark) DO UPDATE SET value = excluded.value, expires = excluded.expires
WHERE kept.expires <= statement_timestamp() RETURNING name`,

    unlock: `DELETE FROM ${name} WHERE name = $1 AND mark = '${LOCK}' AND value = $2`,

    clean: `DELETE FROM ${name} WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM ${name} WHERE expires <= statement_timestamp() LIMIT ${CLEANED_AT_ONCE} FOR UPDATE SKIP LOCKED
))`,
  } as const
}

/** In `mark` of a lock. */
const LOCK = 'lock'

/**
 * The table, as a migration creates it. Unlogged: it costs no write-ahead log, replicas do not carry it, and after a crash
 * of the server it is empty, entries and stamps together.
 */
export function tableSql({ schema, table }: TableName): string {
  const name = `${quoted(schema)}.${quoted(table)}`
  return `CREATE UNLOGGED TABLE IF NOT EXISTS ${name} (
  name text COLLATE "C" NOT NULL,
  mark text COLLATE "C" NOT NULL DEFAULT '',
  value text NOT NULL,
  expires timestamptz NOT NULL,
  PRIMARY KEY (name, mark)
);
CREATE INDEX IF NOT EXISTS ${quoted(`${table}_expires`)} ON ${name} (expires);
`
}

export function schemaSql({ schema }: TableName): string {
  return `CREATE SCHEMA IF NOT EXISTS ${quoted(schema)};\n`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
