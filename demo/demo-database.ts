import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { PGlite } from '@electric-sql/pglite'
import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import pg from 'pg'
import { PrismaPGlite } from 'pglite-prisma-adapter'

/** The database the demo runs on: made for it, and gone when it is closed. */
export interface DemoDatabase {
  /** For people: which server, which version. */
  description: string
  adapter(): SqlDriverAdapterFactory
  /** One statement with `$n` parameters; rows by column name. */
  query(sql: string, parameters?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /** Several statements in a row, each on its own, as a migration tool sends them. */
  execute(statements: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** The given server cannot be reached, or will not let us make a database. */
export class UnusableServerError extends Error {}

export const MIGRATIONS = join(import.meta.dirname, '../prisma/migrations')

/** Opens PGlite, or a fresh database on the given server, and applies the project's migrations to it. */
export async function openDemoDatabase(url: string | null): Promise<DemoDatabase> {
  const database = url === null ? await openPglite() : await openServer(url)
  try {
    for (const name of readdirSync(MIGRATIONS).sort())
      if (!name.endsWith('.toml'))
        await database.execute(statementsOf(readFileSync(join(MIGRATIONS, name, 'migration.sql'), 'utf8')))
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

/** Prisma's migrations end every statement with a semicolon at the end of a line. */
export function statementsOf(migration: string): string[] {
  return migration
    .replace(/^--.*$/gm, '')
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

async function openPglite(): Promise<DemoDatabase> {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-demo-'))
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  process.once('exit', remove)
  const pglite = new PGlite(directory, { relaxedDurability: true })
  await pglite.waitReady
  const { rows } = await pglite.query<{ version: string }>(
    `SELECT current_setting('server_version') AS version`,
  )
  return {
    description: `PGlite (PostgreSQL ${rows[0]?.version} in WASM)`,
    adapter: () => new PrismaPGlite(pglite),
    query: async (sql, parameters = []) =>
      (await pglite.query<Record<string, unknown>>(sql, [...parameters])).rows,
    execute: async (statements) => {
      for (const statement of statements) await pglite.query(statement)
    },
    close: async () => {
      await pglite.close()
      process.off('exit', remove)
      remove()
    },
  }
}

async function openServer(url: string): Promise<DemoDatabase> {
  const name = `brisk_demo_${randomBytes(6).toString('hex')}`
  const own = new URL(url)
  own.pathname = `/${name}`
  try {
    await withServer(url, (server) => server.query(`CREATE DATABASE ${name}`))
  } catch (error) {
    const reason = error instanceof Error ? error.message || (error as { code?: string }).code : String(error)
    throw new UnusableServerError(`The demo cannot make a database at ${own.host}: ${reason}`)
  }
  const pool = new pg.Pool({ connectionString: own.href, max: 2 })
  const { rows } = await pool.query<{ version: string }>(
    `SELECT current_setting('server_version') AS version`,
  )
  return {
    description: `PostgreSQL ${rows[0]?.version} at ${own.host}`,
    adapter: () => new PrismaPg({ connectionString: own.href }),
    query: async (sql, parameters = []) =>
      (await pool.query<Record<string, unknown>>(sql, [...parameters])).rows,
    execute: async (statements) => {
      for (const statement of statements) await pool.query(statement)
    },
    close: async () => {
      await pool.end()
      await withServer(url, (server) => server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
    },
  }
}

async function withServer(url: string, fn: (server: pg.Client) => Promise<unknown>): Promise<void> {
  const server = new pg.Client({ connectionString: url })
  await server.connect()
  try {
    await fn(server)
  } finally {
    await server.end()
  }
}
