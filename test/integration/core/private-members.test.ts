import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'

/** Members of a client that are Prisma's own, as far as a version without them is made here. */
interface Private {
  _request?: unknown
  _requestHandler: { dataloader: { request(request: unknown): unknown; options?: object } }
  _engine: { transaction?: unknown }
  _globalOmit?: unknown
  _extensions?: object
}

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  await database.createClient().tag.createMany({ data: [{ name: 'one' }, { name: 'two' }] })
})
afterAll(() => database.drop())

/** A client that lacks what `take` takes from it, and keeps working by itself. */
function clientWithout(take: (client: Private) => void): PrismaClient {
  const { client } = database.createRecordedClient()
  take(client as never)
  return client
}

/** What the suite warns of while `run` runs. */
async function warningsOf(run: () => Promise<void>): Promise<string[]> {
  const codes: string[] = []
  const original = process.emitWarning
  process.emitWarning = ((_: unknown, options?: { code?: string }) => {
    codes.push(options?.code ?? '')
  }) as typeof process.emitWarning
  try {
    await run()
  } finally {
    process.emitWarning = original
  }
  return codes
}

/** Reads, writes and both kinds of transaction, as an application calls them. */
async function answersOf(base: PrismaClient): Promise<unknown> {
  const prisma = base.$extends(brisk({ cache: { models: '*', defaultTtl: 60 } })) as unknown as PrismaClient
  const byId = await Promise.all([1, 2, 3].map((id) => prisma.tag.findUnique({ where: { id } })))
  const [renamed] = await prisma.$transaction([
    prisma.tag.update({ where: { id: 1 }, data: { name: 'first' } }),
    prisma.tag.count(),
  ])
  const seen = await prisma.tag.findUnique({ where: { id: 1 } })
  await prisma.$transaction((tx) => tx.tag.update({ where: { id: 1 }, data: { name: 'one' } }))
  return { byId, renamed, seen, list: await prisma.tag.findMany({ orderBy: { id: 'asc' }, take: 5 }) }
}

/** One object in front of Prisma's loader, with another inside. */
const anotherLoader = (client: Private): void => {
  const { dataloader } = client._requestHandler
  client._requestHandler.dataloader = { request: (request) => dataloader.request(request) }
}

const without: readonly (readonly [string, (client: Private) => void, readonly string[]])[] = [
  ['nothing', () => undefined, []],
  ['the loader of requests that is known', anotherLoader, ['W_REQUEST_LOADER_UNKNOWN']],
  ['its options for all clients', (client) => void delete client._globalOmit, []],
  [
    'a method that starts transactions',
    (client) => {
      const { _engine: engine } = client
      const transaction = (engine.transaction as () => unknown).bind(engine)
      Object.defineProperty(engine, 'transaction', { get: () => transaction, set() {} })
    },
    [],
  ],
]

test.each(without)(
  'a client without %s answers as others do, and one warning names what is lost',
  async (_, take, warned) => {
    const plain = await answersOf(clientWithout(() => undefined))
    let answers: unknown
    const codes = await warningsOf(async () => {
      answers = await answersOf(clientWithout(take))
    })
    expect(answers).toEqual(plain)
    expect(codes.filter((code) => code.startsWith('W_'))).toEqual(warned)
  },
)

test('a warning of a private member is given once for a client, however often it is extended', async () => {
  const base = clientWithout(anotherLoader)
  const codes = await warningsOf(async () => {
    for (let mount = 0; mount < 3; mount++) base.$extends(brisk())
    await base.tag.count()
  })
  expect(codes).toEqual(['W_REQUEST_LOADER_UNKNOWN'])
})
