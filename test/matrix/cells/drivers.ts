import type { Provider } from '../../../scripts/client-variants.ts'
import type { Ability } from '../conformance/checks.ts'
import { catalogVersion, type Dependencies } from './workshop.ts'

/** How a driver adapter is written in an application's source. */
export interface Driver {
  readonly provider: Provider
  /** What it says in the table. */
  readonly packages: Dependencies
  readonly overrides?: Dependencies
  /** Lines at the head of the program. */
  readonly imports: string
  /** Statements before the first check; may wait. `url` and `tables` are there. */
  readonly prepare?: string
  /** An expression: a new adapter. */
  readonly adapter: string
  /** Statements after the last check. */
  readonly close?: string
  readonly without?: Partial<Record<Ability, string>>
}

const prisma = catalogVersion('@prisma/client')
const inProcess = 'the statement runs within the process, and cannot be stopped'

export const DRIVERS = {
  pg: {
    provider: 'postgresql',
    packages: { '@prisma/adapter-pg': prisma },
    imports: `import { PrismaPg } from '@prisma/adapter-pg'`,
    adapter: 'new PrismaPg({ connectionString: url })',
  },
  mariadb: {
    provider: 'mysql',
    packages: { '@prisma/adapter-mariadb': prisma },
    imports: `import { PrismaMariaDb } from '@prisma/adapter-mariadb'`,
    adapter: 'new PrismaMariaDb(url)',
  },
  libsql: {
    provider: 'sqlite',
    packages: { '@prisma/adapter-libsql': prisma },
    imports: `import { PrismaLibSql } from '@prisma/adapter-libsql'`,
    adapter: 'new PrismaLibSql({ url })',
    without: { slowStatements: inProcess },
  },
  'better-sqlite3': {
    provider: 'sqlite',
    // Its 13 has the binaries in the package; the adapter asks for 12, which downloads or compiles them.
    packages: { '@prisma/adapter-better-sqlite3': prisma, 'better-sqlite3': '13.2.0' },
    overrides: { 'better-sqlite3': '$better-sqlite3' },
    imports: `import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'`,
    adapter: 'new PrismaBetterSqlite3({ url })',
    without: { slowStatements: inProcess },
  },
  PGlite: {
    provider: 'postgresql',
    packages: {
      '@electric-sql/pglite': catalogVersion('@electric-sql/pglite'),
      'pglite-prisma-adapter': catalogVersion('pglite-prisma-adapter'),
    },
    imports: `import { PGlite } from '@electric-sql/pglite'\nimport { PrismaPGlite } from 'pglite-prisma-adapter'`,
    prepare: 'const pglite = new PGlite()\nawait pglite.exec(tables)',
    adapter: 'new PrismaPGlite(pglite)',
    close: 'await pglite.close()',
    without: { slowStatements: inProcess },
  },
} as const satisfies Record<string, Driver>

export type DriverName = keyof typeof DRIVERS
