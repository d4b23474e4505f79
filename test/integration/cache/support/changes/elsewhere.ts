import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createClient } from '@libsql/client'
import { createConnection } from 'mariadb'
import pg from 'pg'
import type { Provider } from '../../../../support/databases.ts'
import type { Random } from '../../../../support/random.ts'
import { quotedFor } from '../freshness/people.ts'
import type { Topic } from './deployment-calls.ts'

const run = promisify(execFile)

/** Somebody who writes to the database without the suite, by a connection or by a program. */
export interface Elsewhere {
  /** Statements of one connection; what is refused is rolled back. */
  run(sql: string): Promise<void>
  /** The same, by a child process that ends after it. */
  byProgram(sql: string): Promise<void>
  /** Rows of a question. */
  rows(sql: string): Promise<readonly Record<string, unknown>[]>
  /** Ends the connections that changes come by, as an administrator does. Where there are none: does nothing. */
  cut(): Promise<void>
  close(): Promise<void>
}

export async function elsewhereOn(provider: Provider, url: string): Promise<Elsewhere> {
  if (provider === 'postgresql') return onPostgres(url)
  return provider === 'mysql' ? onMariadb(url) : onSqlite(url)
}

async function onPostgres(url: string): Promise<Elsewhere> {
  let client: pg.Client | null = null
  /** Anew after a restart of the server. */
  const connected = async (): Promise<pg.Client> => {
    if (client !== null) return client
    const made = new pg.Client({ connectionString: url })
    made.on('error', () => (client = null)).on('end', () => (client = null))
    await made.connect()
    return (client = made)
  }
  return {
    async run(sql) {
      const on = await connected()
      await on.query(sql).catch(() => on.query('ROLLBACK'))
    },
    byProgram: async (sql) => void (await run('psql', [url, '-qc', sql]).catch(() => undefined)),
    rows: async (sql) => (await (await connected()).query<Record<string, unknown>>(sql)).rows,
    cut: async () =>
      void (await (
        await connected()
      ).query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prisma-brisk changes' AND datname = current_database()`,
      )),
    close: async () => client?.end(),
  }
}

async function onMariadb(url: string): Promise<Elsewhere> {
  const { hostname, port, username, pathname } = new URL(url)
  const database = pathname.slice(1)
  const user = decodeURIComponent(username)
  const open = () =>
    createConnection({ host: hostname, port: Number(port), user, database, multipleStatements: true })
  let client: Awaited<ReturnType<typeof open>> | null = null
  const connected = async () => {
    if (client?.isValid() !== true) {
      client = await open()
      client.on('error', () => (client = null))
    }
    return client
  }
  return {
    async run(sql) {
      const on = await connected()
      await on.query(sql).catch(() => on.query('ROLLBACK'))
    },
    byProgram: async (sql) => {
      const args = ['-h', hostname, '-P', port, '-u', user, database, '-e', sql]
      await run('mariadb', args).catch(() => undefined)
    },
    rows: async (sql) => (await connected()).query<Record<string, unknown>[]>(sql),
    async cut() {
      const on = await connected()
      const dumps = await on.query<{ id: number }[]>(
        `SELECT id FROM information_schema.PROCESSLIST WHERE command = 'Binlog Dump'`,
      )
      for (const { id } of dumps) await on.query(`KILL ${id}`).catch(() => undefined)
    },
    close: async () => client?.end(),
  }
}

async function onSqlite(url: string): Promise<Elsewhere> {
  const client = createClient({ url, timeout: 5000 })
  await client.execute('PRAGMA journal_mode = WAL')
  return {
    async run(sql) {
      await client.executeMultiple(sql).catch(() => client.execute('ROLLBACK').catch(() => undefined))
    },
    byProgram: async (sql) => {
      const script = `import { createClient } from '@libsql/client'
        await createClient({ url: ${JSON.stringify(url)}, timeout: 5000 }).executeMultiple(${JSON.stringify(sql)})`
      const env = { ...process.env, NODE_OPTIONS: '' }
      await run(process.execPath, ['--input-type=module', '-e', script], { env }).catch(() => undefined)
    },
    rows: async (sql) => (await client.execute(sql)).rows,
    cut: () => Promise.resolve(),
    close: () => Promise.resolve(client.close()),
  }
}

/** A trigger of the application: what it writes, nobody else says. */
export function greeting(provider: Provider): readonly string[] {
  const update = (id: string) => `UPDATE %Person% SET name = 'Greeted' WHERE id = 1 + ${id} % 4`
  const quoted = quotedFor(provider)
  if (provider === 'postgresql')
    return [
      `CREATE FUNCTION greet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${update('NEW.id')}; RETURN NEW; END $$`,
      'CREATE TRIGGER greet AFTER INSERT ON %other.Post% FOR EACH ROW EXECUTE FUNCTION greet()',
    ].map(quoted)
  if (provider === 'mysql')
    return [`CREATE TRIGGER greet AFTER INSERT ON %other.Post% FOR EACH ROW ${update('NEW.id')}`].map(quoted)
  return [`CREATE TRIGGER greet AFTER INSERT ON %other.Post% BEGIN ${update('NEW.id')}; END`].map(quoted)
}

/** SQL that changes something, mostly. */
export function statementOf(random: Random, provider: Provider, topic: Topic): string {
  const all = [...statements(random, provider), ...own(random, provider)]
  const some = all.filter((sql) => ABOUT[topic].test(sql))
  return quotedFor(provider)(random.pick(some))
}

const ABOUT: Readonly<Record<Topic, RegExp>> = {
  all: /./,
  posts: /%Posts?%/,
  keys: /%Posts%/,
  links: /_Friends/,
  authors: /%Post%|%Person%/,
  greetings: /%other|%Person%/,
}

function statements(random: Random, provider: Provider): string[] {
  const [id, who, n] = [random.int(1, 4), random.int(1, 4), random.int(1, 1_000_000)]
  const kind = random.pick(['A', 'B'])
  const ignore = provider === 'mysql' ? 'INSERT IGNORE INTO' : 'INSERT INTO'
  const conflict = provider === 'mysql' ? '' : ' ON CONFLICT DO NOTHING'
  const upsert =
    provider === 'mysql' ? 'ON DUPLICATE KEY UPDATE name' : 'ON CONFLICT (email) DO UPDATE SET name'
  return [
    `UPDATE %Person% SET name = 'Name ${n}' WHERE id = ${id}`,
    `UPDATE %Person% SET email = CASE id WHEN ${id} THEN 'moved${n}' WHEN ${who} THEN 'one' ELSE email END WHERE id IN (${id}, ${who})`,
    `UPDATE %Person% SET %bossId% = ${random.pick([who, 'NULL'])} WHERE id <> ${who}`,
    `UPDATE %Person% SET kind = '${kind}' WHERE id = ${id}`,
    `DELETE FROM %Person% WHERE id = ${id}`,
    `INSERT INTO %Person% (email, name) VALUES ('two', 'New') ${upsert} = 'Again ${n}'`,
    `${ignore} %Person% (id, email, name) VALUES (${id}, 'back${n}', 'Back')${conflict}`,
    `INSERT INTO %Post% (title, %authorId%, %reviewerId%) SELECT 'new ${n}', id, id FROM %Person% WHERE id = ${id}`,
    `UPDATE %Post% SET %authorId% = ${who} WHERE %authorId% = ${id}`,
    `UPDATE %Post% SET %reviewerId% = ${random.pick([who, 'NULL'])}`,
    `UPDATE %Post% SET title = 'Title ${n}' WHERE id = ${id}`,
    `DELETE FROM %Post% WHERE %authorId% = ${id}`,
    `${ignore} %_Friends% (%A%, %B%) VALUES (${id}, ${who})${conflict}`,
    `DELETE FROM %_Friends% WHERE %A% = ${id}`,
    `UPDATE %Posts% SET kind = '${kind}' WHERE id = ${id}`,
    `UPDATE %Posts% SET title = 'Title ${n}' WHERE %ownerId% = ${id}`,
    `UPDATE %Posts% SET id = id + 100 WHERE id = ${id}`,
    `DELETE FROM %Posts% WHERE id = ${id}`,
    `${ignore} %Posts% (id, %ownerId%, kind, title) VALUES (${id}, ${who}, '${kind}', 'new')${conflict}`,
    `UPDATE %other.Post% SET title = 'Title ${n}', %authorId% = ${who} WHERE id = ${id}`,
    `${ignore} %other.Post% (id, title, %authorId%) VALUES (${id}, 'new', ${who})${conflict}`,
    `DELETE FROM %other.Post%`,
  ]
}

/** What only this database has. */
function own(random: Random, provider: Provider): string[] {
  const [id, n] = [random.int(1, 4), random.int(1, 1_000_000)]
  if (provider === 'postgresql')
    return [
      'TRUNCATE "_Friends"',
      'TRUNCATE %other.Post%, %Posts%',
      `INSERT INTO %Post% (title, %authorId%) SELECT 'many', 1 FROM generate_series(1, 150) WHERE EXISTS (SELECT FROM %Person% WHERE id = 1)`,
      `WITH gone AS (DELETE FROM %Posts% WHERE id = ${id} RETURNING *) UPDATE %Person% SET name = 'Lost ${n}' WHERE id IN (SELECT %ownerId% FROM gone)`,
      `DO $$ BEGIN UPDATE %Person% SET name = 'Undone'; RAISE EXCEPTION 'no'; EXCEPTION WHEN OTHERS THEN UPDATE %Person% SET name = 'Kept ${n}' WHERE id = ${id}; END $$`,
      `MERGE INTO %Posts% p USING (SELECT ${id} AS id) s ON p.id = s.id WHEN MATCHED THEN UPDATE SET title = 'Merged ${n}'`,
      `UPDATE %Person% SET name = repeat('x', 9000) WHERE id = ${id}`,
      `UPDATE %Person% SET email = repeat('${n} ', 400) WHERE id = ${id}`,
    ]
  if (provider === 'mysql')
    return [
      'TRUNCATE %_Friends%',
      `INSERT INTO %Post% (title, %authorId%) SELECT 'many', 1 FROM seq_1_to_150 WHERE EXISTS (SELECT 1 FROM %Person% WHERE id = 1)`,
      `REPLACE INTO %other.Post% (id, title, %authorId%) SELECT ${id}, 'replaced ${n}', id FROM %Person% LIMIT 1`,
      `UPDATE %Person% p JOIN %Post% q ON q.%authorId% = p.id SET p.name = 'Joined ${n}', q.title = 'Joined ${n}' WHERE p.id = ${id}`,
      `SET SESSION binlog_row_image = MINIMAL; UPDATE %Person% SET email = 'least${n}' WHERE id = ${id}; SET SESSION binlog_row_image = FULL`,
      `SET SESSION binlog_format = STATEMENT; UPDATE %Person% SET name = 'Stated ${n}' WHERE id = ${id}; SET SESSION binlog_format = ROW`,
    ]
  return [
    `INSERT OR REPLACE INTO %Posts% (id, %ownerId%, kind, title) SELECT ${id}, id, 'A', 'replaced ${n}' FROM %Person% WHERE id = 1`,
    `INSERT INTO %Post% (title, %authorId%) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) SELECT 'many', 1 FROM n WHERE EXISTS (SELECT 1 FROM %Person% WHERE id = 1)`,
    `DELETE FROM %_Friends%`,
  ]
}
