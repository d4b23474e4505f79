import { startPgBouncer } from '../../support/pgbouncer.ts'
import { startPooler } from '../../support/postgres-pooler.ts'
import { verdictsOf, type Bench, type Cell, type CellResult } from './cell.ts'
import { DRIVERS, type Driver } from './drivers.ts'
import { programOf, type Run } from './program.ts'
import { catalogVersion } from './workshop.ts'

export const poolCells: Cell[] = [{ name: 'pools', group: 'Pools and connections', run: checkPools }]

const { pg, mariadb } = DRIVERS
const PG_POOL = `${pg.imports}\nimport pg from 'pg'`

/** An adapter's pool as applications make it: their own, of another end, over TLS, behind PgBouncer. */
const KINDS: Readonly<Record<string, Driver>> = {
  'pg, a pool handed in': {
    ...pg,
    imports: PG_POOL,
    prepare: 'const pool = new pg.Pool({ connectionString: url })',
    adapter: 'new PrismaPg(pool)',
    close: 'await pool.end()',
  },
  'pg, disposeExternalPool: true': {
    ...pg,
    imports: PG_POOL,
    adapter: 'new PrismaPg(new pg.Pool({ connectionString: url }), { disposeExternalPool: true })',
  },
  'pg, a pool of one connection': { ...pg, adapter: 'new PrismaPg({ connectionString: url, max: 1 })' },
  'mariadb, a pool handed in': {
    ...mariadb,
    imports: `${mariadb.imports}\nimport { createPool } from 'mariadb'`,
    prepare: `const pool = createPool(url.replace(/^mysql:/, 'mariadb:'))`,
    adapter: 'new PrismaMariaDb(pool)',
    close: 'await pool.end()',
  },
  'pg, over TLS': {
    ...pg,
    adapter: 'new PrismaPg({ connectionString: url, ssl: { rejectUnauthorized: false } })',
  },
  'pg, behind PgBouncer by transaction': pg,
}

async function checkPools(bench: Bench): Promise<CellResult> {
  const application = await bench.workshop.application('pools', {
    '@prisma/client': catalogVersion('@prisma/client'),
    ...pg.packages,
    ...mariadb.packages,
    mariadb: catalogVersion('mariadb'),
    pg: catalogVersion('pg'),
  })
  application.writeConformance('esm')
  const urls = { postgresql: await bench.database('postgresql'), mysql: await bench.database('mysql') }
  for (const provider of ['postgresql', 'mysql'] as const)
    await application.writeClient(`client-${provider}`, provider, {
      provider: 'prisma-client',
      moduleFormat: 'esm',
      importFileExtension: 'js',
      runtime: 'nodejs',
    })
  const encrypted = await startPooler(urls.postgresql, { tls: true })
  const bouncer = await startPgBouncer(urls.postgresql)
  try {
    const runs = Object.entries(KINDS).map(([name, driver]): Run => {
      const url = name.includes('TLS')
        ? encrypted.url
        : name.includes('PgBouncer')
          ? bouncer.url
          : urls[driver.provider as 'mysql']
      return { name, driver, url }
    })
    const source = `${programOf(runs)}\nawait runChecks((line) => console.log(line))\nprocess.exit(0)\n`
    application.write('main.js', source)
    return {
      versions: { pg: catalogVersion('pg'), mariadb: catalogVersion('mariadb'), node: process.versions.node },
      verdicts: await verdictsOf(application, process.execPath, ['main.js']),
    }
  } finally {
    await encrypted.close()
    await bouncer.kill()
  }
}
