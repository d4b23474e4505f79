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
import { brisk, type ExtendedClient } from 'prisma-brisk'
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
