import { TypedProject } from './typed-project.ts'

/** What the types of extended clients say, alone and together: right code passes, wrong code is an error. */

let project: TypedProject
beforeAll(() => {
  project = new TypedProject()
  project.useDemoClient()
})
afterAll(() => project.remove())

const MOUNTS = ['batching', 'cache', 'pagination', 'resilience', 'slowQuery'] as const
const HEAD = `import { batching } from '@prisma-brisk/batching'
import { cache } from '@prisma-brisk/cache'
import { pagination } from '@prisma-brisk/pagination'
import { resilience } from '@prisma-brisk/resilience'
import { slowQuery } from '@prisma-brisk/slow-query'
import { brisk, type ExtendedClient, type InterchangeableClient, type InterchangeableTransaction } from 'prisma-brisk'
import { Prisma, PrismaClient } from './generated/client.ts'

declare const adapter: never
const base = new PrismaClient({ adapter })
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function yes<T extends true>(): T | void {}
`

/** Extensions of other people: a method, a computed field, a member and a hook. */
const FOREIGN = `const method = Prisma.defineExtension({
  model: { $allModels: { async exists<T>(this: T, where: Prisma.Args<T, 'findFirst'>['where']): Promise<boolean> { return where !== undefined } } },
})
const computed = Prisma.defineExtension({ result: { user: { shout: { needs: { name: true }, compute: ({ name }) => name.toUpperCase() } } } })
const member = Prisma.defineExtension({ client: { $tenant: () => 'a' }, query: { $allModels: { $allOperations: ({ args, query }) => query(args) } } })
`

async function complaintsOf(program: string): Promise<string> {
  project.write({ 'main.ts': HEAD + program })
  return (await project.check(['main.ts'])).output
}

test('KR32 packages mounted apart add up, in every order, with extensions of other people around and between them', async () => {
  const pairs = MOUNTS.flatMap((first) => MOUNTS.map((second) => [first, second] as const)).filter(
    ([first, second]) => first !== second,
  )
  const clients = pairs.flatMap(([first, second]) => [
    { mounts: [first, second], client: `base.$extends(${first}()).$extends(${second}())` },
    {
      mounts: [first, second, 'foreign'],
      client: `base.$extends(method).$extends(${first}()).$extends(computed).$extends(${second}()).$extends(member)`,
    },
  ])
  clients.push({
    mounts: [...MOUNTS],
    client: `base${MOUNTS.map((mount) => `.$extends(${mount}())`).join('')}`,
  })
  expect(
    await complaintsOf(FOREIGN + clients.map(({ mounts, client }) => checksOf(mounts, client)).join('')),
  ).toBe('')
}, 240_000)

/** One client: the arguments and members of what it has are taken, and those of what it lacks are not. */
function checksOf(mounts: readonly string[], client: string): string {
  const has = (mount: string) => mounts.includes(mount)
  const own = [
    ...(has('cache') ? ['cacheStrategy: { ttl: 60 }'] : []),
    ...(has('pagination') ? [`unbounded: 'export'`] : []),
  ].join(', ')
  const refused = (statement: string) => `  // @ts-expect-error: to be refused\n  ${statement}\n`
  const members = { batching: '$batching', cache: '$cache', resilience: '$deferred', slowQuery: '$queries' }
  const lines = [
    `  const rows = await db.user.findMany({ where: { id: 1 }, ${own} })\n  yes<Same<(typeof rows)[number]['name'], string>>()\n`,
    `  const one = await db.user.findUnique({ where: { id: 1 }, select: { email: true }, ${own} })\n  yes<Same<typeof one, { email: string } | null>>()\n`,
    `  const counted: number = await db.user.count({ ${own} })\n  void counted\n`,
    `  const groups = await db.user.groupBy({ by: ['role'], _count: true, ${own} })\n  yes<Same<(typeof groups)[number]['_count'], number>>()\n`,
    `  void db.$transaction((tx) => tx.user.findFirstOrThrow({ where: { id: 1 }, ${own} }))\n`,
    `  void db.user.findUnique({ where: { id: 1 }, ${own} }).workshops({ take: 3 })\n`,
    refused(`void db.user.findMany({ where: { nobody: 1 }, ${own} })`),
    refused(`void db.user.findMany({ wher: {}, ${own} })`),
    refused(`void db.user.findMany({ where: { id: 'one' }, ${own} })`),
    refused(
      has('cache')
        ? `void db.user.findMany({ cacheStrategy: { ttl: 'long' } })`
        : `void db.user.findMany({ cacheStrategy: { ttl: 60 } })`,
    ),
    refused(
      has('pagination')
        ? `void db.user.findMany({ unbounded: true })`
        : `void db.user.findMany({ unbounded: 'export' })`,
    ),
    ...Object.entries(members).map(([mount, name]) =>
      has(mount) ? `  void db.${name}\n` : refused(`void db.${name}`),
    ),
  ]
  if (has('pagination')) {
    lines.push(
      `  const page = await db.user.cursorPage({ first: 3, where: { id: 1 }, ${own} })\n  yes<Same<(typeof page.items)[number]['name'], string>>()\n`,
      `  const paged = await db.user.paginate({ page: 2, select: { email: true }, ${own} })\n  yes<Same<(typeof paged.items)[number], { email: string }>>()\n`,
      refused(`void db.user.cursorPage({ first: 'three', ${own} })`),
      refused(`void db.user.paginate({ take: 3, ${own} })`),
    )
  } else lines.push(refused('void db.user.cursorPage({ first: 3 })'))
  if (has('foreign')) {
    lines.push(
      `  yes<Same<(typeof rows)[number]['shout'], string>>()\n`,
      `  const tenant: string = db.$tenant()\n  const exists: boolean = await db.user.exists({ name: tenant })\n  void exists\n`,
      refused('void db.user.exists({ nobody: 1 })'),
    )
  }
  return `{\n  const db = ${client}\n${lines.join('')}}\n`
}

test('KR32 rows are what an extended client without the suite gives, whatever the client leaves out', async () => {
  const reads = {
    findMany: `findMany({ where: { id: 1 }, include: { conversations: { include: { user: true } } } })`,
    findUnique: `findUnique({ where: { id: 1 } })`,
    findFirstOrThrow: `findFirstOrThrow({ omit: { email: false, name: true } })`,
    findFirst: `findFirst({ select: { email: true, tutor: true } })`,
    fluent: `findUnique({ where: { id: 1 } }).conversations({ include: { user: true } })`,
    count: `count({ select: { _all: true, name: true } })`,
    aggregate: `aggregate({ _avg: { balance: true }, _count: true })`,
    groupBy: `groupBy({ by: ['role'], _max: { createdAt: true } })`,
  }
  const same = Object.entries(reads).map(
    ([name, read]) => `{
  const [plain, ours] = await Promise.all([bare.user.${read}, db.user.${read}])
  const ${name}: typeof plain = ours
  const back: typeof ours = plain
  void [${name}, back]
}
`,
  )
  expect(
    await complaintsOf(`const leaving = new PrismaClient({ adapter, omit: { user: { email: true, balance: true } } })
const bare = leaving.$extends({})
const db = leaving.$extends(brisk())
${same.join('')}
// @ts-expect-error: the client leaves it out
void (await db.user.findMany())[0]?.email
// @ts-expect-error: nested rows too
void (await db.conversation.findFirst({ include: { user: true } }))?.user.email
const page = await db.user.cursorPage({ first: 1 })
// @ts-expect-error: and rows of pages
void page.items[0]?.email
`),
  ).toBe('')
}, 120_000)

test('KR32 rows may lack heavy columns, with whatever is mounted behind the option, and in brisk() too', async () => {
  const clients = [
    'base.$extends(pagination({ omitHeavy: true }))',
    'base.$extends(pagination({ omitHeavy: true })).$extends(cache())',
    'base.$extends(cache()).$extends(pagination({ omitHeavy: true }))',
    'base.$extends(brisk({ pagination: { omitHeavy: true } }))',
    `base.$extends(brisk({ pagination: { omitHeavy: { types: ['Json'] } } }))`,
  ]
  const lacks = (rows: string) => `  {
    const rows = ${rows}
    yes<Same<undefined extends (typeof rows)[number]['preferences'] ? true : false, true>>()
  }
`
  const checks = clients.map(
    (client) => `{
  const db = ${client}
${lacks('await db.profile.findMany()')}${lacks('(await db.profile.paginate()).items')}${lacks('(await db.profile.cursorPage()).items')}
  const chosen = await db.profile.findMany({ select: { preferences: true } })
  yes<Same<undefined extends (typeof chosen)[number]['preferences'] ? true : false, false>>()
}
`,
  )
  const whole = `{
  const db = base.$extends(brisk({ pagination: { maxLimit: 3 } }))
  const rows = await db.profile.findMany()
  yes<Same<undefined extends (typeof rows)[number]['preferences'] ? true : false, false>>()
}
// @ts-expect-error: no such option
brisk({ pagination: { omitHeavy: true, maxLimt: 3 } })
// @ts-expect-error: no such option
pagination({ maxLimit: 3, maxLimt: 3 })
for (const db of [
  base.$extends(pagination({ omitHeavy: { fields: { Profile: ['bio'], Message: ['body'] } } })),
  base.$extends(brisk({ pagination: { omitHeavy: { types: ['Bytes'], fields: { Profile: ['bio'], Message: ['body'] } } } })),
]) {
  const profiles = await db.profile.findMany()
  yes<Same<undefined extends (typeof profiles)[number]['bio'] ? true : false, true>>()
  yes<Same<undefined extends (typeof profiles)[number]['preferences'] ? true : false, false>>()
  yes<Same<undefined extends (typeof profiles)[number]['id'] ? true : false, false>>()
  const { items } = await db.message.paginate()
  yes<Same<undefined extends (typeof items)[number]['body'] ? true : false, true>>()
  const kept = await db.message.findMany({ omit: { body: false } })
  yes<Same<undefined extends (typeof kept)[number]['body'] ? true : false, false>>()
  const single = await db.message.findFirstOrThrow()
  yes<Same<undefined extends (typeof single)['body'] ? true : false, false>>()
  const users = await db.user.findMany()
  yes<Same<undefined extends (typeof users)[number]['email'] ? true : false, false>>()
}
// @ts-expect-error: a list of fields
pagination({ omitHeavy: { fields: { Message: 'body' } } })
// @ts-expect-error: no such type
pagination({ omitHeavy: { types: ['Text'] } })
brisk({ slowQuery: { sinks: [{ write: (record) => void record.type }] } })
`
  expect(await complaintsOf(checks.join('') + whole)).toBe('')
}, 120_000)

test('KR32 a helper that states what it needs takes the plain client, the extended one and a transaction', async () => {
  expect(
    await complaintsOf(`const db = base.$extends(brisk())
interface Users { user: { findUnique(args: { where: { id: number } }): PromiseLike<{ name: string } | null> } }
async function nameOf(client: Users, id: number): Promise<string | undefined> {
  return (await client.user.findUnique({ where: { id } }))?.name
}
interface Wrong { user: { findUnique(args: { where: { nobody: number } }): PromiseLike<unknown> } }
declare function wrong(client: Wrong): void
class Repository<Delegate extends { findMany(args: { take: number }): PromiseLike<unknown> }> {
  constructor(readonly delegate: Delegate) {}
}
void nameOf(base, 1)
void nameOf(db, 1)
void db.$transaction((tx) => nameOf(tx, 1))
new Repository(base.user).delegate.create
const repository = new Repository(db.user)
void repository.delegate.findMany({ cacheStrategy: { ttl: 60 } })
type Client = ExtendedClient<PrismaClient, ReturnType<typeof brisk>>
type Transaction = Parameters<Parameters<Client['$transaction']>[0]>[0]
async function rename(tx: Transaction, id: number): Promise<void> {
  await tx.user.update({ where: { id }, data: { name: 'Ada' } })
}
void db.$transaction((tx) => rename(tx, 1))
void rename(db, 1)
const named: Client = db
const back: typeof db = named
void back
`),
  ).toBe('')
}, 120_000)

/** Code as applications have it, from before they extended their client. */
const EXISTING = `declare function whole(client: PrismaClient): void
declare function withoutOn(client: Omit<PrismaClient, '$on'>): void
declare function withoutMore(client: Omit<PrismaClient, '$on' | '$extends' | '$transaction' | '$connect' | '$disconnect' | '$use'>): void
declare function within(tx: Prisma.TransactionClient): Promise<void>
type Callback = Parameters<PrismaClient['$transaction']>[0]
declare function withinCallback(tx: Parameters<Callback>[0]): void
declare function payloadOf(user: Prisma.UserGetPayload<{ include: { profile: true } }>): void
declare const callback: Callback
class UserRepository { constructor(readonly users: Prisma.UserDelegate) {} }
class Repository<Delegate extends Prisma.UserDelegate | Prisma.TagDelegate> { constructor(readonly delegate: Delegate) {} }
`

/** Chains with extensions of other people before and after the suite. */
const CHAINS = {
  alone: 'base.$extends(brisk())',
  behind: 'base.$extends(method).$extends(computed).$extends(brisk())',
  before: 'base.$extends(brisk()).$extends(method).$extends(member)',
  between: 'base.$extends(computed).$extends(slowQuery()).$extends(member).$extends(cache())',
}

test('KR33 an interchangeable client is accepted where existing code names the types of a plain one', async () => {
  const checks = Object.entries(CHAINS).map(
    ([name, chain]) => `{
  const extended = ${chain}
  // @ts-expect-error: of no extended client can this be said, even of an empty extension
  withoutMore(extended)
  const prisma = extended as unknown as InterchangeableClient<PrismaClient, typeof extended>
  whole(prisma)
  withoutOn(prisma)
  withoutMore(prisma)
  void within(prisma)
  withinCallback(prisma)
  void prisma.$transaction(callback)
  void prisma.$transaction(async (tx) => {
    await within(tx)
    withinCallback(tx)
    new UserRepository(tx.user)
    await tx.user.findMany({ cacheStrategy: { ttl: 60 } })
  }, { isolationLevel: 'Serializable', timeout: 1000 })
  const [users, tags] = await prisma.$transaction([prisma.user.findMany({ cacheStrategy: { ttl: 60 } }), prisma.tag.count()])
  yes<Same<[(typeof users)[number]['name'], typeof tags], [string, number]>>()
  new UserRepository(prisma.user)
  void new Repository(prisma.tag).delegate.findMany({ where: { name: 'x' }, cacheStrategy: { ttl: 60 } })
  const rows = await prisma.user.findMany({ where: { id: 1 }, cacheStrategy: { ttl: 60 } })
  yes<Same<(typeof rows)[number]['name'], string>>()
  const one = await prisma.user.findUnique({ where: { id: 1 }, select: { email: true } })
  yes<Same<typeof one, { email: string } | null>>()
  payloadOf(await prisma.user.findFirstOrThrow({ include: { profile: true } }))
  void prisma.$queries.stats()
  // @ts-expect-error: no such field
  void prisma.user.findMany({ where: { nobody: 1 } })
  // @ts-expect-error: no such argument
  void prisma.user.findMany({ wher: {} })
  // @ts-expect-error: extended clients have none
  prisma.$on('query', () => {})
  // @ts-expect-error: no such level
  void prisma.$transaction(async () => 1, { isolationLevel: 'Snapshots' })
  type Transaction = InterchangeableTransaction<PrismaClient, typeof extended>
  const helper = async (tx: Transaction): Promise<void> => within(tx)
  void prisma.$transaction(helper)
  ${name === 'between' ? '' : 'void prisma.$retryTransaction(async (tx) => within(tx))\n  void prisma.user.cursorPage({ first: 1 })'}
}
`,
  )
  expect(await complaintsOf(FOREIGN + EXISTING + checks.join(''))).toBe('')
}, 240_000)

test('KR33 Prisma’s own type operators read an extended client, and its rows and arguments', async () => {
  const checks = Object.values(CHAINS).map(
    (chain) => `{
  const prisma = ${chain}
  type Found = Prisma.Result<typeof prisma.user, { select: { email: true } }, 'findMany'>
  yes<Same<Found, { email: string }[]>>()
  const found: Found = await prisma.user.findMany({ select: { email: true } })
  type Asked = Prisma.Args<typeof prisma.user, 'findMany'>
  const asked: Asked = { where: { id: 1 }, take: 1 }
  void prisma.user.findMany(asked)
  const cached = { ...asked, cacheStrategy: { ttl: 60 } } satisfies Asked & { cacheStrategy: CacheStrategy }
  void prisma.user.findMany(cached)
  // @ts-expect-error: no such field
  const wrong: Asked = { where: { nobody: 1 } }
  const given = { where: { name: 'x' } } satisfies Prisma.UserFindManyArgs
  void prisma.user.findMany(given)
  const row: Prisma.UserGetPayload<{ include: { profile: true } }> = await prisma.user.findFirstOrThrow({ include: { profile: true } })
  const data: Prisma.UserUncheckedCreateInput = { email: 'x', name: 'x' }
  void prisma.user.create({ data })
  const all = async <T, A>(delegate: T, args: Prisma.Exact<A, Prisma.Args<T, 'findMany'>>): Promise<Prisma.Result<T, A, 'findMany'>> =>
    (delegate as unknown as { findMany(args: unknown): Promise<Prisma.Result<T, A, 'findMany'>> }).findMany(args)
  const emails = await all(prisma.user, { select: { email: true } })
  yes<Same<typeof emails, { email: string }[]>>()
  // @ts-expect-error: no such field
  void all(prisma.user, { where: { nobody: 1 } })
  void [found, wrong, row]
}
`,
  )
  expect(
    await complaintsOf(`import type { CacheStrategy } from 'prisma-brisk'\n${FOREIGN}${checks.join('')}`),
  ).toBe('')
}, 240_000)

test('KR33 what Prisma.validator makes is taken by an extended client of prisma-client-js', async () => {
  const javascript = new TypedProject()
  try {
    await javascript.generate(
      () => `generator client {
  provider = "prisma-client-js"
  output   = "./generated"
}
datasource db {
  provider = "postgresql"
}
model User {
  id    Int    @id
  email String @unique
}
`,
    )
    javascript.write({
      'main.ts': `import { brisk, type InterchangeableClient } from 'prisma-brisk'
import { Prisma, PrismaClient } from './generated/index.js'
declare const adapter: never
const extended = new PrismaClient({ adapter }).$extends(brisk())
const prisma = extended as unknown as InterchangeableClient<PrismaClient, typeof extended>
const args = Prisma.validator<Prisma.UserFindManyArgs>()({ select: { email: true } })
const bound = Prisma.validator(extended, 'user', 'findMany')({ select: { email: true } })
declare function within(tx: Prisma.TransactionClient): void
within(prisma)
for (const client of [extended, prisma] as const) {
  const rows: { email: string }[] = await client.user.findMany(args)
  const others: { email: string }[] = await client.user.findMany(bound)
  const payloads: Prisma.UserGetPayload<typeof args>[] = rows
  void [others, payloads]
}
// @ts-expect-error: no such field
Prisma.validator(extended, 'user', 'findMany')({ select: { nobody: true } })
`,
    })
    expect((await javascript.check(['main.ts'])).output).toBe('')
  } finally {
    javascript.remove()
  }
}, 240_000)
