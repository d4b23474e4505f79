import { pagination } from '@prisma-brisk/pagination'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { generateClient } from '../../support/generated-client.ts'
import { recordStatements, type StatementLog } from '../../support/statements.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/** Two tables of one name in two schemas, with keys of other names and types. */
const MODELS = `
model Org {
  id        Int        @id
  users     User[]
  authUsers AuthUser[]
  tags      Tag[]
  authTags  AuthTag[]
  @@map("org")
  @@schema("public")
}
model User {
  id    Int    @id
  orgId Int    @map("org_id")
  org   Org    @relation(fields: [orgId], references: [id])
  name  String
  posts Post[]
  @@map("users")
  @@schema("public")
}
model AuthUser {
  uid      String    @id
  orgId    Int       @map("org_id")
  org      Org       @relation(fields: [orgId], references: [id])
  name     String
  sessions Session[]
  @@map("users")
  @@schema("auth")
}
model Post {
  id     Int  @id
  userId Int  @map("user_id")
  user   User @relation(fields: [userId], references: [id])
  @@map("entries")
  @@schema("public")
}
model Session {
  token  String   @id
  userId String   @map("user_id")
  user   AuthUser @relation(fields: [userId], references: [uid])
  @@map("entries")
  @@schema("auth")
}
model Tag {
  id   Int   @id
  orgs Org[]
  @@map("tags")
  @@schema("public")
}
model AuthTag {
  name String @id
  orgs Org[]
  @@map("tags")
  @@schema("auth")
}
`
const TABLES = [
  'CREATE SCHEMA auth',
  'CREATE TABLE org (id int PRIMARY KEY)',
  'CREATE TABLE users (id int PRIMARY KEY, org_id int NOT NULL REFERENCES org, name text NOT NULL)',
  'CREATE TABLE auth.users (uid text PRIMARY KEY, org_id int NOT NULL REFERENCES org, name text NOT NULL)',
  'CREATE TABLE entries (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users)',
  'CREATE TABLE auth.entries (token text PRIMARY KEY, user_id text NOT NULL REFERENCES auth.users)',
  'CREATE TABLE tags (id int PRIMARY KEY)',
  'CREATE TABLE auth.tags (name text PRIMARY KEY)',
  'CREATE TABLE "_OrgToTag" ("A" int REFERENCES org, "B" int REFERENCES tags)',
  'INSERT INTO org SELECT i FROM generate_series(1, 4) i',
  `INSERT INTO users SELECT i, 1 + i % 4, 'n' || i % 3 FROM generate_series(1, 40) i`,
  `INSERT INTO auth.users SELECT 'u' || i, 1 + i % 4, 'n' || i % 3 FROM generate_series(1, 40) i`,
  'INSERT INTO entries SELECT i, 1 + i % 40 FROM generate_series(1, 200) i',
  `INSERT INTO auth.entries SELECT 't' || i, 'u' || 1 + i % 40 FROM generate_series(1, 200) i`,
  'INSERT INTO tags SELECT i FROM generate_series(1, 6) i',
  `INSERT INTO auth.tags SELECT 't' || i FROM generate_series(1, 6) i`,
  'INSERT INTO "_OrgToTag" SELECT o, t FROM generate_series(1, 4) o, generate_series(1, 6) t',
]

type Models = Record<string, Record<string, (args: object) => Promise<unknown>>>

let database: TestDatabase<PrismaClient>
let module: { PrismaClient: new (options: object) => PrismaClient }
let remove: () => void
const clients: PrismaClient[] = []

beforeAll(async () => {
  database = await createDatabase('postgresql')
  const admin = database.createClient()
  for (const sql of TABLES) await admin.$executeRawUnsafe(sql)
  const generated = await generateClient(MODELS)
  module = generated.module as typeof module
  remove = generated.remove
  // Prisma keeps the join table in the schema of the model whose name comes first.
  for (const sql of [
    'CREATE TABLE auth."_AuthTagToOrg" ("A" text REFERENCES auth.tags, "B" int REFERENCES org)',
    `INSERT INTO auth."_AuthTagToOrg" SELECT 't' || t, o FROM generate_series(1, 4) o, generate_series(1, 6) t`,
  ])
    await admin.$executeRawUnsafe(sql)
})
afterAll(async () => {
  await Promise.all(clients.map((client) => client.$disconnect()))
  remove()
  await database.drop()
})

function connected(): { client: PrismaClient; log: StatementLog } {
  const log = recordStatements(database.adapter({ connections: 2 }))
  const client = new module.PrismaClient({ adapter: log.adapter })
  clients.push(client)
  return { client, log }
}

const take = 2
const both = (args: object) => ({ users: args, authUsers: args })
/** Both lists in an order that is total. */
const ordered = (args: object, direction: 'asc' | 'desc') => ({
  users: { ...args, orderBy: [{ name: direction }, { id: 'asc' }] },
  authUsers: { ...args, orderBy: [{ name: direction }, { uid: 'asc' }] },
})
const shapes: Record<string, object> = {
  'both lists': both({ take }),
  'in another order': { authUsers: { take }, users: { take } },
  'with limits of their own': { users: { take: 1 }, authUsers: { take: 3 } },
  ordered: ordered({ take }, 'desc'),
  'from behind': ordered({ take: -2 }, 'asc'),
  distinct: ordered({ take, distinct: ['name'] }, 'asc'),
  'behind rows passed over': both({ take, skip: 1 }),
  filtered: both({ take, where: { name: 'n1' } }),
  'two deep': {
    users: { take, include: { posts: { take } } },
    authUsers: { take, include: { sessions: { take } } },
  },
  'many to many': { tags: { take }, authTags: { take } },
  'without a take': ordered({}, 'asc'),
  behind: { users: { take, cursor: { id: 9 } }, authUsers: { take, cursor: { uid: 'u9' } } },
}

test.each(Object.entries(shapes))(
  'KR23 lists of two tables of one name are each limited: %s',
  async (_, include) => {
    const { client: plain } = connected()
    const { client, log } = connected()
    const limited = client.$extends(pagination({ maxLimit: 12 })) as unknown as Models
    const read = (on: unknown) =>
      (on as Models)['org']!['findMany']!({ take: 3, orderBy: { id: 'asc' }, include })
    expect(await read(limited)).toEqual(await read(plain))
    // Each statement reads what its own limit lets it read, and none of the other's.
    const most = include === shapes['without a take'] ? 30 : 12
    expect(Math.max(...log.statements.map(({ rows }) => rows))).toBeLessThanOrEqual(most)
  },
)

test('KR23 a list of the top level is told from one within rows by its schema', async () => {
  const { client: plain } = connected()
  const { client } = connected()
  const limited = client.$extends(pagination({ maxLimit: 12 })) as unknown as Models
  const read = (on: unknown) =>
    (on as Models)['user']!['findMany']!({
      take: 3,
      distinct: ['name'],
      orderBy: { id: 'asc' },
      include: { org: { include: { authUsers: { take: 4 }, users: { take: 1 } } } },
    })
  expect(await read(limited)).toEqual(await read(plain))
})
