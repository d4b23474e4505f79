import { cache, redisStore, type CacheStatus } from '@prisma-brisk/cache'
import { PrismaPg } from '@prisma/adapter-pg'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { generateClient } from '../../support/generated-client.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { ownNamespace, until } from './support/cached-client.ts'
import { Stores } from './support/stores.ts'

/**
 * One table, and the deployments of an application that name it differently: a field is added, renamed or removed, a
 * key comes and goes. All of them run on one database and one Redis, as they do while a deployment rolls out, and when
 * it is rolled back.
 */
const SCHEMAS = {
  first: `model Account {
  id    Int     @id @default(autoincrement())
  email String  @unique
  name  String
}`,
  added: `model Account {
  id       Int     @id @default(autoincrement())
  email    String  @unique
  name     String
  nickname String?
}`,
  renamed: `model Account {
  id       Int     @id @default(autoincrement())
  email    String  @unique
  fullName String  @map("name")
}`,
  named: `model Account {
  id    Int     @id @default(autoincrement())
  email String  @unique
  name  String

  @@schema("public")
}`,
  moreKeys: `model Account {
  id       Int     @id @default(autoincrement())
  email    String  @unique
  name     String
  nickname String? @unique
}`,
  grouped: `model Account {
  id    Int     @id @default(autoincrement())
  email String  @unique
  name  String
  team  Int     @default(1)

  @@index([team])
}`,
} as const
type Deployment = keyof typeof SCHEMAS

interface Account {
  readonly id: number
  readonly [field: string]: unknown
}
/** What the clients have in common. */
interface Accounts {
  readonly account: Record<
    'findMany' | 'findUnique' | 'create' | 'update' | 'updateMany' | 'delete',
    (args: object) => Promise<never>
  >
  readonly $cache: {
    withInfo<T>(run: () => Promise<T>): Promise<{ data: T; info: { status: CacheStatus } }>
    stats(): { readonly fills: number; readonly misses: number }
  }
}

let database: TestDatabase<PrismaClient>
let stores: Stores
let namespace: string
const generated = new Map<string, Awaited<ReturnType<typeof generateClient>>>()
const opened: { $disconnect(): Promise<void> }[] = []

beforeAll(async () => {
  database = await createDatabase('postgresql')
  const names = Object.keys(SCHEMAS) as Deployment[]
  await database
    .createClient()
    .$executeRawUnsafe(
      'CREATE TABLE "Account" (id serial PRIMARY KEY, email text UNIQUE NOT NULL, name text NOT NULL DEFAULT \'-\', nickname text UNIQUE, team int NOT NULL DEFAULT 1)',
    )
  // Prisma's command takes its time, and all the processors it is given: two at once are enough.
  const generate = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift())
      generated.set(name, await generateClient(SCHEMAS[name]))
  }
  await Promise.all([generate(), generate()])
}, 240_000)
afterAll(async () => {
  await Promise.all(opened.map((client) => client.$disconnect()))
  for (const { remove } of generated.values()) remove()
  await database.drop()
})
beforeEach(async () => {
  stores = new Stores()
  namespace = ownNamespace()
  await database.createClient().$executeRawUnsafe('TRUNCATE "Account" RESTART IDENTITY')
  await database
    .createClient()
    .$executeRawUnsafe(`INSERT INTO "Account" (email, name, nickname) VALUES ('ada', 'Ada', 'countess')`)
})
afterEach(() => stores.close())

/** A process of that deployment: a client of its own, with its own connection to the one Redis. */
function deploy(name: Deployment): Accounts {
  const { module } = generated.get(name) as Awaited<ReturnType<typeof generateClient>>
  const { PrismaClient: Client } = module as { PrismaClient: typeof PrismaClient }
  const client = new Client({ adapter: new PrismaPg({ connectionString: database.url, max: 2 }) })
  opened.push(client)
  const store = redisStore(stores.redis())
  return client.$extends(
    cache({ store, namespace, readTimeout: 5000, writeTimeout: 5000, earlyRefresh: 0 }),
  ) as unknown as Accounts
}

const minute = { cacheStrategy: { ttl: 60 } }

async function read(process: Accounts, args?: object): Promise<{ row: Account | null; status: CacheStatus }> {
  const { data, info } = await process.$cache.withInfo<Account[] | Account | null>(() =>
    args === undefined
      ? process.account.findMany({ orderBy: { id: 'asc' }, ...minute })
      : process.account.findUnique({ ...args, ...minute }),
  )
  await until(() => process.$cache.stats().fills === process.$cache.stats().misses)
  return { row: Array.isArray(data) ? (data[0] ?? null) : data, status: info.status }
}

const pairs: [Deployment, Deployment][] = [
  ['first', 'added'],
  ['first', 'renamed'],
  ['added', 'first'],
  ['added', 'renamed'],
]

describe.each(pairs)('C2 deployments %s and %s on one Redis', (one, two) => {
  test('neither reads the entries of the other', async () => {
    const [old, next] = [deploy(one), deploy(two)]
    for (const args of [undefined, { where: { id: 1 } }, { where: { email: 'ada' } }]) {
      const before = await read(old, args)
      const after = await read(next, args)
      expect([before.status, after.status]).toEqual(['miss', 'miss'])
      expect(Object.keys(after.row ?? {})).not.toEqual(Object.keys(before.row ?? {}))
      expect(await read(old, args)).toEqual({ row: before.row, status: 'hit' })
      expect(await read(next, args)).toEqual({ row: after.row, status: 'hit' })
    }
  })

  test('while one is rolled out, each sees at once what the other writes', async () => {
    const [old, next] = [deploy(one), deploy(two)]
    const reads = [undefined, { where: { id: 1 } }, { where: { email: 'ada' } }]
    for (const [writer, reader] of [
      [old, next],
      [next, old],
    ] as const) {
      for (const args of reads) await read(reader, args)
      await writer.account.update({ where: { id: 1 }, data: { email: 'lovelace' } })
      expect((await read(reader)).row).toMatchObject({ email: 'lovelace' })
      expect((await read(reader, { where: { id: 1 } })).row).toMatchObject({ email: 'lovelace' })
      expect((await read(reader, { where: { email: 'ada' } })).row).toBeNull()
      await writer.account.updateMany({ where: { email: 'lovelace' }, data: { email: 'ada' } })
      for (const args of reads) expect((await read(reader, args)).row).toMatchObject({ email: 'ada' })
    }
  })

  test('rolled back, the first answers from its own entries, but for what changed meanwhile', async () => {
    const old = deploy(one)
    await old.account.create({
      data: { email: 'bob', ...(one === 'renamed' ? { fullName: 'Bob' } : { name: 'Bob' }) },
    })
    await read(old)
    await read(old, { where: { id: 1 } })
    await read(old, { where: { id: 2 } })
    const next = deploy(two)
    await next.account.update({ where: { id: 1 }, data: { email: 'countess' } })
    const again = deploy(one)
    expect(await read(again)).toMatchObject({ row: { email: 'countess' }, status: 'miss' })
    expect(await read(again, { where: { id: 1 } })).toMatchObject({
      row: { email: 'countess' },
      status: 'miss',
    })
    expect(await read(again, { where: { id: 2 } })).toMatchObject({ row: { email: 'bob' }, status: 'hit' })
  })
})

describe('C2 C20 deployments that know different unique keys', () => {
  test.each<[string, Deployment, Deployment, object, object]>([
    ['a key was added', 'first', 'moreKeys', { nickname: 'countess' }, { name: 'Lovelace' }],
  ])(
    '%s: a row read by it is fresh after a write of one who does not know it',
    async (_, knowsNot, knows, where, data) => {
      const [writer, reader] = [deploy(knowsNot), deploy(knows)]
      // Both orders of their beginnings: who knows the key first, and who comes later.
      await writer.account.update({ where: { id: 1 }, data: { name: 'Ada' } })
      expect((await read(reader, { where })).row).toMatchObject({ name: 'Ada' })
      await read(reader, { where })
      await writer.account.update({ where: { id: 1 }, data })
      expect((await read(reader, { where })).row).toMatchObject(data)
      const late = deploy(knowsNot)
      await late.account.update({ where: { id: 1 }, data: { name: 'Late' } })
      expect((await read(reader, { where })).row).toMatchObject({ name: 'Late' })
    },
  )
})

test('C2 C20 a list by a column that only one deployment tells lists apart by is fresh after a write of the other', async () => {
  const [writer, reader] = [deploy('first'), deploy('grouped')]
  const list = async () => {
    const { data, info } = await reader.$cache.withInfo<Account[]>(() =>
      reader.account.findMany({ where: { team: 1 }, ...minute }),
    )
    await until(() => reader.$cache.stats().fills === reader.$cache.stats().misses)
    return { name: data[0]?.['name'], status: info.status }
  }
  // Whoever has signed the rows of the table last.
  for (const signs of [reader, writer]) {
    await signs.account.updateMany({ where: { id: 99 }, data: { name: 'nobody' } })
    await read(signs, { where: { id: 1 } })
    await list()
    expect((await list()).status).toBe('hit')
    const name = `by ${signs === reader ? 'one' : 'other'}`
    await writer.account.update({ where: { id: 1 }, data: { name } })
    expect(await list()).toEqual({ name, status: 'miss' })
    await reader.account.update({ where: { id: 1 }, data: { name: 'own' } })
    expect(await list()).toEqual({ name: 'own', status: 'miss' })
  }
})

test('KC11 KR22 a deployment that names the schema "public" and one that names none see each other\'s writes', async () => {
  const fleet = [deploy('first'), deploy('named')] as const
  for (const [writer, reader] of [fleet, [fleet[1], fleet[0]]] as const) {
    for (const args of [undefined, { where: { id: 1 } }]) {
      await read(reader, args)
      await until(() => reader.$cache.stats().fills === reader.$cache.stats().misses)
      expect((await read(reader, args)).status).toBe('hit')
      const name = `written ${String(args === undefined)} ${fleet.indexOf(writer)}`
      await writer.account.update({ where: { id: 1 }, data: { name } })
      expect((await read(reader, args)).row).toMatchObject({ name })
    }
  }
})
