import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verdictsOf, type Bench, type Cell, type CellResult } from './cell.ts'
import type { Driver } from './drivers.ts'
import { programOf, type Run } from './program.ts'
import { catalogVersion, compiled } from './workshop.ts'

export const httpCells: Cell[] = [
  { name: 'http-databases', group: 'Databases over HTTP and WebSocket', run: checkHttp },
]

const prisma = catalogVersion('@prisma/client')
const notOverHttp = 'the driver has no way to stop a statement'

/** Drivers of hosted databases, before servers of this cell's own that speak their protocols. */
const KINDS: Readonly<Record<string, Driver>> = {
  'neon, WebSocket': {
    provider: 'postgresql',
    packages: { '@prisma/adapter-neon': prisma, '@neondatabase/serverless': '1.2.0', ws: '8.21.0' },
    imports: `import { PrismaNeon, PrismaNeonHttp } from '@prisma/adapter-neon'
import { neonConfig } from '@neondatabase/serverless'
import { WebSocket } from 'ws'
import { neonHttp, neonWebSocket, planetScale } from './hosted-databases.js'`,
    prepare: `const server = await neonWebSocket(url)
Object.assign(neonConfig, { webSocketConstructor: WebSocket, wsProxy: () => server.address, useSecureWebSocket: false, pipelineTLS: false, pipelineConnect: false })`,
    adapter: 'new PrismaNeon({ connectionString: url })',
    close: 'await server.close()',
    without: { slowStatements: notOverHttp },
  },
  'neon, HTTP': {
    provider: 'postgresql',
    packages: {},
    imports: '',
    prepare: `const server = await neonHttp(url)\nneonConfig.fetchEndpoint = () => server.address`,
    adapter: `new PrismaNeonHttp(url.replace('postgres@', 'postgres:none@'), {})`,
    close: 'await server.close()',
    without: {
      transactions: 'Neon’s HTTP driver has no transactions',
      nested: 'Neon’s HTTP driver has no transactions, which Prisma takes for these writes',
      errorCodes: 'Prisma’s adapter for Neon’s HTTP driver does not tell the kinds of errors apart',
      slowStatements: notOverHttp,
    },
  },
  planetscale: {
    provider: 'mysql',
    packages: { '@prisma/adapter-planetscale': prisma },
    imports: `import { PrismaPlanetScale } from '@prisma/adapter-planetscale'`,
    prepare: 'const server = await planetScale(url)',
    adapter: 'new PrismaPlanetScale({ url: server.address })',
    close: 'await server.close()',
    without: { slowStatements: notOverHttp },
  },
}

async function checkHttp(bench: Bench): Promise<CellResult> {
  const application = await bench.workshop.application('http', {
    '@prisma/client': prisma,
    ...Object.assign({}, ...Object.values(KINDS).map(({ packages }) => packages)),
    pg: catalogVersion('pg'),
    mariadb: catalogVersion('mariadb'),
  } as Record<string, string>)
  application.writeConformance('esm')
  const servers = join(import.meta.dirname, 'hosted-databases.ts')
  application.write('hosted-databases.js', compiled(servers, 'esm', readFileSync(servers, 'utf8')))
  const urls = { postgresql: await bench.database('postgresql'), mysql: await bench.database('mysql') }
  for (const provider of ['postgresql', 'mysql'] as const)
    await application.writeClient(`client-${provider}`, provider, {
      provider: 'prisma-client',
      moduleFormat: 'esm',
      importFileExtension: 'js',
      runtime: 'nodejs',
    })
  const runs = Object.entries(KINDS).map(([name, driver]): Run => ({
    name,
    driver,
    url: urls[driver.provider as keyof typeof urls],
  }))
  application.write(
    'main.js',
    `${programOf(runs)}\nawait runChecks((line) => console.log(line))\nprocess.exit(0)\n`,
  )
  return {
    versions: {
      '@prisma/adapter-neon': prisma,
      '@prisma/adapter-planetscale': prisma,
      node: process.versions.node,
    },
    verdicts: await verdictsOf(application, process.execPath, ['main.js']),
  }
}
