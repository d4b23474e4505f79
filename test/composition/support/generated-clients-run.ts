import { createRequire } from 'node:module'
import { isDeepStrictEqual } from 'node:util'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase } from '../../support/databases.ts'
import { everything } from './everything.ts'
import { foreignExtensions } from './foreign-extensions.ts'
import { failing, recordRun, type Outcome } from './recorded-run.ts'

/**
 * A process that loads a generated client of CommonJS and the built suite by `require`, as CommonJS applications do, and
 * prints one line of JSON: the steps in which the suite answered otherwise than the same client without it.
 */

const require = createRequire(import.meta.url)
const generated = require(process.argv[2] as string) as {
  PrismaClient: new (options: object) => PrismaClient
}
const { brisk } = require('prisma-brisk') as typeof import('prisma-brisk')

const database = await createDatabase('postgresql')

async function run(extend: (client: PrismaClient) => unknown): Promise<Outcome[]> {
  const client = new generated.PrismaClient({ adapter: database.adapter({ connections: 3 }) })
  await database.empty()
  try {
    return await recordRun(extend(client) as PrismaClient)
  } finally {
    await client.$disconnect()
  }
}

const mount = (client: unknown): unknown => (client as PrismaClient).$extends(brisk(everything))
const chain = (client: unknown, extensions: typeof foreignExtensions): unknown =>
  extensions.reduce((extended, { extend }) => extend(extended as PrismaClient), client)
const middle = Math.floor(foreignExtensions.length / 2)
const [before, after] = [foreignExtensions.slice(0, middle), foreignExtensions.slice(middle)]

const plain = await run((client) => client)
const foreign = await run((client) => chain(client, foreignExtensions))
const comparisons = {
  alone: [plain, await run(mount)],
  last: [foreign, await run((client) => mount(chain(client, foreignExtensions)))],
  middle: [foreign, await run((client) => chain(mount(chain(client, before)), after))],
  first: [foreign, await run((client) => chain(mount(client), foreignExtensions))],
} as const
await database.drop()

console.log(
  JSON.stringify({
    steps: plain.length,
    failsWhereItShould: isDeepStrictEqual(
      plain.filter((outcome) => 'error' in outcome).map(({ step }) => step),
      failing,
    ),
    otherwise: Object.entries(comparisons).flatMap(([place, [expected, seen]]) =>
      expected.flatMap((outcome, index) =>
        isDeepStrictEqual(seen[index], outcome) ? [] : [`${place}: ${outcome.step}`],
      ),
    ),
  }),
)
