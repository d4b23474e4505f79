import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { PGlite, Extensions } from '@electric-sql/pglite'

import { AdvisorError } from '../../errors.ts'
import type { Row, SqlClient } from '../../statistics/sql-client.ts'
import { fillFromTemplate } from './cluster-template.ts'

/**
 * An empty PostgreSQL 18 in WASM whose files lie on disk, so that they can be made as long as production's without
 * holding a byte. No statement of the user's is ever run in it, only planned.
 */
export interface WhatIfCluster extends SqlClient {
  readonly directory: string
  close(): Promise<void>
}

/** Extensions PGlite carries that define types or operator classes. */
const carried: Readonly<Record<string, string>> = {
  btree_gin: 'btree_gin',
  btree_gist: 'btree_gist',
  citext: 'citext',
  cube: 'cube',
  fuzzystrmatch: 'fuzzystrmatch',
  hstore: 'hstore',
  intarray: 'intarray',
  isn: 'isn',
  ltree: 'ltree',
  pg_trgm: 'pg_trgm',
  pgcrypto: 'pgcrypto',
  seg: 'seg',
  unaccent: 'unaccent',
  'uuid-ossp': 'uuid_ossp',
}

export function isCarriedExtension(name: string): boolean {
  return name in carried
}

export async function openWhatIfCluster(extensionNames: readonly string[]): Promise<WhatIfCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'prisma-brisk-what-if-'))
  const remove = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
  process.once('exit', remove)
  let database: PGlite
  try {
    await fillFromTemplate(directory, async (template) => (await openDatabase(template, {})).close())
    database = await openDatabase(directory, await loadExtensions(extensionNames))
  } catch (cause) {
    process.off('exit', remove)
    remove()
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AdvisorError('E_PLANNER', `The embedded planner did not start in ${tmpdir()}: ${reason}`, {
      cause,
    })
  }
  let closing: Promise<void> | null = null
  return {
    directory,
    query: async (sql, parameters) => (await database.query<Row>(sql, parameters?.slice())).rows,
    close: () =>
      (closing ??= database
        .close()
        .catch(() => undefined)
        .then(() => {
          process.off('exit', remove)
          remove()
        })),
  }
}

async function openDatabase(directory: string, extensions: Extensions): Promise<PGlite> {
  const { PGlite } = await import('@electric-sql/pglite')
  return PGlite.create({
    dataDir: directory,
    extensions,
    // Pages are written behind the server's back here; it must not look for checksums on them.
    initDbStartParams: ['--no-data-checksums'],
    postgresqlconf: ['shared_buffers=8MB', 'max_connections=5', 'autovacuum=off'],
  })
}

async function loadExtensions(names: readonly string[]): Promise<Extensions> {
  const loaded: Extensions = {}
  for (const name of names) {
    const module = carried[name]
    if (module === undefined) continue
    const exports = (await import(`@electric-sql/pglite/contrib/${module}`)) as Extensions
    const extension = exports[module]
    if (extension !== undefined) loaded[module] = extension
  }
  return loaded
}
