import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { PGlite } from '@electric-sql/pglite'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { PrismaPGlite } from 'pglite-prisma-adapter'

import { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import type { ClientOptions, TestDatabase } from './databases.ts'

const TABLES = join(import.meta.dirname, '../../prisma/generated/schemas/demo-postgresql.sql')

/** The demo's tables in a PGlite of the test's own: PostgreSQL 18 in this process, with one connection for everybody. */
export async function createPgliteDatabase(): Promise<
  Pick<TestDatabase<PrismaClient>, 'createClient' | 'adapter' | 'drop'>
> {
  const pglite = new PGlite()
  await pglite.exec(readFileSync(TABLES, 'utf8'))
  const clients: PrismaClient[] = []
  const adapter = (): SqlDriverAdapterFactory => new PrismaPGlite(pglite)
  return {
    adapter,
    createClient: (options: ClientOptions = {}) => {
      const client = new PrismaClient({ ...options, adapter: options.adapter ?? adapter() })
      clients.push(client)
      return client
    },
    drop: async () => {
      await Promise.all(clients.map((client) => client.$disconnect()))
      await pglite.close()
    },
  }
}
