import * as suite from 'prisma-brisk'
import { Prisma as PrismaOfMysql, PrismaClient as MysqlClient } from '../../prisma/generated/mysql/client.ts'
import { Prisma, PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import {
  Prisma as PrismaOfSqlite,
  PrismaClient as SqliteClient,
} from '../../prisma/generated/sqlite/client.ts'
import { createDatabase } from '../support/databases.ts'
import { createPgliteDatabase } from '../support/pglite-database.ts'
import { allChecks, conform, type Target, type Verdict } from './conformance/index.ts'

/** The checks that `npm run test:matrix` takes to every runtime, in this Node and on the databases at hand. */

// The default threshold would print what a busy machine makes slow.
process.env['BRISK_SLOW_QUERY_MS'] = '60000'

const inProcess = 'it runs within the process, and cannot be interrupted'
const targets: Record<string, () => Promise<Omit<Target, 'suite' | 'warnings'> & { drop(): Promise<void> }>> =
  {
    pg: async () => ({ PrismaClient, Prisma, ...(await createDatabase('postgresql')) }) as never,
    mariadb: async () =>
      ({ PrismaClient: MysqlClient, Prisma: PrismaOfMysql, ...(await createDatabase('mysql')) }) as never,
    libsql: async () =>
      ({
        PrismaClient: SqliteClient,
        Prisma: PrismaOfSqlite,
        ...(await createDatabase('sqlite')),
        without: { slowStatements: inProcess },
      }) as never,
    PGlite: async () =>
      ({
        PrismaClient,
        Prisma,
        provider: 'postgresql',
        ...(await createPgliteDatabase()),
        without: { slowStatements: inProcess },
      }) as never,
  }

test.each(Object.keys(targets))('every check of the matrix passes on %s', async (name) => {
  const target = await targets[name]!()
  const verdicts: Verdict[] = []
  const warnings: string[] = []
  const hear = (warning: Error & { code?: string }): void => void warnings.push(warning.code ?? warning.name)
  process.on('warning', hear)
  try {
    await conform({ ...target, suite, warnings: () => warnings }, allChecks, (verdict) =>
      verdicts.push(verdict),
    )
  } finally {
    process.off('warning', hear)
    await target.drop()
  }
  expect(verdicts.filter(({ verdict }) => verdict === 'fail')).toEqual([])
  expect(verdicts.length).toBeGreaterThan(80)
})
