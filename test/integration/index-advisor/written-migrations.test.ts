import pg from 'pg'
import { isDroppedByPrisma } from '../../../packages/index-advisor/src/catalog/undeclared.ts'
import { playOnPaper } from '../../../packages/index-advisor/src/history/migration-indexes.ts'
import { splitStatements } from '../../../packages/index-advisor/src/history/postgres-statements.ts'
import { mariadbUrl, postgresUrl } from '../../support/servers.ts'
import { firstMigration, prismaDiff } from './support/static-engine.ts'
import type { TestProject } from './support/static-project.ts'
import { datasource, project, removeProjects } from './support/static-project.ts'

/** What is written is what was proved, and what deploy will run. */

afterEach(removeProjects)

const PRISMA = { 'node_modules/prisma/package.json': '{ "name": "prisma", "version": "7.10.0" }' }
const INIT = 'prisma/migrations/20260101000000_init/migration.sql'

test('KA-A2 an index that is duplicate and redundant at once: one drop, one line taken out', async () => {
  const schema = `${datasource('postgresql')}
model User {
  id        Int      @id
  email     String   @unique
  createdAt DateTime

  @@index([email]) // twice over
  @@index([email, createdAt])
}
`
  const given = project({
    'prisma/schema.prisma': schema,
    [INIT]: await firstMigration('postgresql', schema),
    ...PRISMA,
  })
  expect([await given.brisk('advise', '--write', '--drop-redundant'), given.stderr]).toEqual([
    0,
    expect.stringContaining('sees no difference'),
  ])
  const [, drop, ...others] = given.migrations()
  expect(others).toEqual([])
  expect(given.migrationSql(drop as string).match(/DROP INDEX/g)).toHaveLength(1)
  expect(given.read('prisma/schema.prisma')).toBe(schema.replace('  @@index([email]) // twice over\n', ''))
  const after = given.snapshot()
  expect(await given.brisk('advise', '--write', '--drop-redundant')).toBe(0)
  expect(given.snapshot()).toEqual(after)
}, 120_000)

const PARTITIONED = `${datasource('postgresql')}
model User {
  id     Int     @id
  events Event[]
}
model Event {
  id     Int
  at     DateTime
  kind   Int
  user   User     @relation(fields: [userId], references: [id])
  userId Int

  @@id([id, at])
  @@index([kind])
  @@index([kind, at])
}
`
const PARTITIONED_INIT = `CREATE TABLE "User" ("id" INTEGER NOT NULL, CONSTRAINT "User_pkey" PRIMARY KEY ("id"));
CREATE TABLE "Event" ("id" INTEGER NOT NULL, "at" TIMESTAMP(3) NOT NULL, "kind" INTEGER NOT NULL, "userId" INTEGER NOT NULL, CONSTRAINT "Event_pkey" PRIMARY KEY ("id","at")) PARTITION BY RANGE ("at");
CREATE TABLE "Event_2026" PARTITION OF "Event" FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX "Event_kind_idx" ON "Event"("kind");
CREATE INDEX "Event_kind_at_idx" ON "Event"("kind", "at");
ALTER TABLE "Event" ADD CONSTRAINT "Event_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
`
const EXTERNAL = `export default { experimental: { externalTables: true }, schema: 'prisma/schema.prisma', tables: { external: ['public.Event_2026'] } }\n`

test('KA-A3 a partitioned table: made and dropped without CONCURRENTLY, as a server runs it', async () => {
  const given = project({
    'prisma/schema.prisma': PARTITIONED,
    'prisma.config.ts': EXTERNAL,
    [INIT]: PARTITIONED_INIT,
    ...PRISMA,
  })
  expect([await given.brisk('advise', '--write', '--drop-redundant'), given.stderr]).toEqual([
    0,
    expect.stringContaining('sees no difference'),
  ])
  expect(await deployed(given)).toEqual(['Event_kind_at_idx', 'Event_pkey', 'Event_userId_idx'])
  const [, added] = given.migrations()
  expect(given.migrationSql(added as string)).toContain('writes wait until this is done')
}, 120_000)

test.each([
  [
    'KA-A3 CONCURRENTLY on a partitioned table',
    'CREATE INDEX CONCURRENTLY "x" ON "Event"("kind");',
    'cannot create index on partitioned table "Event" concurrently',
  ],
  [
    'KA-A3 CONCURRENTLY for its index',
    'DROP INDEX CONCURRENTLY "Event_kind_idx";',
    'cannot drop partitioned index "Event_kind_idx" concurrently',
  ],
  [
    'KA-A3 in a transaction',
    'BEGIN;\nCREATE INDEX CONCURRENTLY "x" ON "User"("id");\nCOMMIT;',
    'CREATE INDEX CONCURRENTLY cannot run inside a transaction block',
  ],
  [
    'KA-A3 in a DO block',
    `DO $$ BEGIN EXECUTE 'CREATE INDEX CONCURRENTLY "x" ON "User"("id")'; END $$;`,
    'CREATE INDEX CONCURRENTLY cannot',
  ],
  [
    'KA-A3 two at once',
    'DROP INDEX CONCURRENTLY "Event_kind_idx", "Event_kind_at_idx";',
    'DROP INDEX CONCURRENTLY does not support dropping multiple objects',
  ],
])(
  '%s: what a server refuses is refused by the proof, in its words',
  async (_, sql, words) => {
    await expect(serverSays(PARTITIONED_INIT, sql)).resolves.toContain(words)
    const given = project({
      'prisma/schema.prisma': PARTITIONED,
      'prisma.config.ts': EXTERNAL,
      [INIT]: PARTITIONED_INIT,
      'prisma/migrations/20260102000000_wrong/migration.sql': sql,
      ...PRISMA,
    })
    const before = given.snapshot()
    expect(await given.brisk('advise', '--write')).toBe(2)
    expect(given.stderr).toContain('20260102000000_wrong')
    expect(given.stderr).toContain(words)
    expect(given.snapshot()).toEqual(before)
  },
  120_000,
)

const TITLES = `${datasource('postgresql')}
model User {
  id    Int    @id @default(autoincrement())
  posts Post[]
}
model Post {
  id       Int     @id @default(autoincrement())
  author   User    @relation(fields: [authorId], references: [id])
  authorId Int
  title    String?

  @@index([title(ops: raw("gin_trgm_ops"))], type: Gin)
}
`
const TITLES_INIT = `CREATE TABLE "User" ("id" SERIAL NOT NULL, CONSTRAINT "User_pkey" PRIMARY KEY ("id"));
CREATE TABLE "Post" ("id" SERIAL NOT NULL, "authorId" INTEGER NOT NULL, "title" TEXT, CONSTRAINT "Post_pkey" PRIMARY KEY ("id"));
ALTER TABLE "Post" ADD CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
CREATE INDEX "Post_title_idx" ON "Post" USING GIN ("title" gin_trgm_ops);
`
const config = (initShadowDb: string, more = '') =>
  `export default { experimental: { externalTables: true }, schema: 'prisma/schema.prisma', migrations: { path: 'prisma/migrations', initShadowDb: ${JSON.stringify(initShadowDb)} }${more} }\n`

test.each([
  ['one statement', config('CREATE EXTENSION IF NOT EXISTS pg_trgm')],
  [
    'several statements',
    config(
      'CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE SCHEMA auth; CREATE TABLE auth.users (id uuid primary key); DO $$ BEGIN CREATE ROLE anon; END $$;',
      ", tables: { external: ['auth.users'] }",
    ),
  ],
])(
  'KA-A13 initShadowDb of %s takes the path of the migrations',
  async (_, text) => {
    const given = project({
      'prisma/schema.prisma': TITLES,
      'prisma.config.ts': text,
      [INIT]: TITLES_INIT,
      ...PRISMA,
    })
    expect([await given.brisk('advise', '--write'), given.stderr]).toEqual([
      0,
      expect.stringContaining('sees no difference'),
    ])
  },
  120_000,
)

test('KA-B8 KA-A13 the words of the database reach the message; a role is made by initShadowDb', async () => {
  const policy = `ALTER TABLE "Post" ENABLE ROW LEVEL SECURITY;\nCREATE POLICY p ON "Post" FOR SELECT TO authenticated USING (true);\n`
  const files = {
    'prisma/schema.prisma': TITLES,
    [INIT]: `CREATE EXTENSION pg_trgm;\n${TITLES_INIT}${policy}`,
    ...PRISMA,
  }
  const without = project(files)
  expect(await without.brisk('advise', '--write')).toBe(2)
  expect(without.stderr).toBe(
    `brisk: The migrations could not be played on PGlite (PostgreSQL 18): 20260101000000_init: role "authenticated" does not exist. Roles belong to the server, not to a migration: make it for the proof in prisma.config.ts, migrations: { initShadowDb: 'CREATE ROLE "authenticated";' }. Nothing was written.\n`,
  )
  const withRole = project({ ...files, 'prisma.config.ts': config('CREATE ROLE "authenticated";') })
  expect(await withRole.brisk('advise', '--write')).toBe(0)
  const wrong = project({
    ...files,
    'prisma.config.ts': config('CREATE ROLE "authenticated"; SELECT nothing();'),
  })
  expect(await wrong.brisk('advise', '--write')).toBe(2)
  expect(wrong.stderr).toContain('function nothing() does not exist')
}, 120_000)

test('KA-A12 several schemas: the index goes to the table of its schema', async () => {
  const schema = `datasource db {
  provider = "postgresql"
  schemas  = ["auth", "shop"]
}
model Org {
  id Int        @id
  a  AuthUser[]
  s  ShopUser[]
  @@map("org")
  @@schema("shop")
}
model AuthUser {
  id    Int @id
  org   Org @relation(fields: [orgId], references: [id], map: "a_fkey")
  orgId Int
  @@index([orgId])
  @@map("users")
  @@schema("auth")
}
model ShopUser {
  id    Int @id
  org   Org @relation(fields: [orgId], references: [id], map: "s_fkey")
  orgId Int
  @@map("users")
  @@schema("shop")
}
`
  const given = project({
    'prisma/schema.prisma': schema,
    [INIT]: await firstMigration('postgresql', schema),
    ...PRISMA,
  })
  expect(await given.brisk('advise', '--write')).toBe(0)
  const [, added] = given.migrations()
  expect(given.migrationSql(added as string)).toContain('"users_orgId_idx" ON "shop"."users"("orgId")')
}, 120_000)

test('KA-A4 MySQL: an index that was dropped is dropped once', async () => {
  const given = project({
    'prisma/schema.prisma': `${datasource('mysql')}
model A {
  id Int @id @default(autoincrement())
  b  Int
  c  Int

  @@index([b])
  @@index([b, c])
}
`,
    [INIT]:
      'CREATE TABLE `A` (`id` INTEGER NOT NULL AUTO_INCREMENT, `b` INTEGER NOT NULL, `c` INTEGER NOT NULL, INDEX `A_b_c_idx`(`b`, `c`), PRIMARY KEY (`id`)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\nCREATE INDEX `A_b_idx` ON `A`(`b`);\n',
  })
  const write = () =>
    given.brisk('advise', '--write', '--drop-redundant', '--shadow-database-url', mariadbUrl())
  expect([await write(), given.stderr]).toEqual([0, expect.stringContaining('make exactly the indexes')])
  const after = given.snapshot()
  expect(await write()).toBe(0)
  expect([given.snapshot(), given.stderr]).toEqual([after, 'Nothing to write.\n'])
  expect(given.stdout).not.toContain('Remarks')
}, 120_000)

test('KA-B23 migrations that stand elsewhere → nothing is written until they are named', async () => {
  const given = project({
    'prisma/postgresql-schema.prisma': PARTITIONED,
    'prisma/postgresql-migrations/20260101000000_init/migration.sql': PARTITIONED_INIT,
    'prisma.config.ts': EXTERNAL.replace("schema: 'prisma/schema.prisma', ", ''),
    ...PRISMA,
  })
  const named = ['--schema', 'prisma/postgresql-schema.prisma']
  expect(await given.brisk('advise', '--write', ...named)).toBe(2)
  expect(given.stderr).toContain('name theirs with --migrations. Nothing was written.')
  expect(
    await given.brisk('advise', '--write', ...named, '--migrations', 'prisma/postgresql-migrations'),
  ).toBe(0)
  expect(given.stderr).toContain(
    'wrote prisma/postgresql-migrations/20260304050607_add_indexes/migration.sql',
  )
}, 120_000)

describe('KA-A11 what Prisma would drop is what its engine says', () => {
  const MODEL = 'model P {\n  id Int @id\n  a Int\n  b Int?\n  t String\n  j Json\n}\n'
  const TABLE =
    '"P" ("id" INTEGER NOT NULL, "a" INTEGER NOT NULL, "b" INTEGER, "t" TEXT NOT NULL, "j" JSONB NOT NULL, CONSTRAINT "P_pkey" PRIMARY KEY ("id"))'
  const KINDS = [
    '("a")',
    '("a" DESC)',
    '("a") INCLUDE ("t")',
    '("a") WITH (fillfactor = 70)',
    '("t" COLLATE "C")',
    '("t" text_pattern_ops)',
    '("b" NULLS FIRST)',
    'USING hash ("a")',
    'USING gin ("j" jsonb_path_ops)',
    'USING gin ("t" gin_trgm_ops)',
    'USING brin ("a")',
    'USING bloom ("a")',
    '(lower("t"))',
    '("a", lower("t"))',
    '("a") WHERE "b" IS NULL',
    '("a") INCLUDE ("t") WHERE "b" IS NULL',
  ]

  test.each([[[]], [['partialIndexes']]])(
    'KA-A11 preview features %j',
    async (previewFeatures: string[]) => {
      const schema = [{ path: 'schema.prisma', text: datasource('postgresql', previewFeatures) + MODEL }]
      const indexes = KINDS.map((sql, at) => `CREATE INDEX "i${at}" ON "P" ${sql};`)
      const migration = {
        name: '20260101000000_a',
        sql: `CREATE EXTENSION pg_trgm;\nCREATE EXTENSION bloom;\nCREATE TABLE ${TABLE};\n${indexes.join('\n')}\n`,
      }
      const engine = await prismaDiff('postgresql', [migration], schema)
      const { tables } = await playOnPaper('postgresql', 'm', [migration])
      const said = (tables[0]?.indexes ?? [])
        .filter((index) => index.kind === 'index' && isDroppedByPrisma({ previewFeatures }, index))
        .map((index) => KINDS[Number(index.name.slice(1))])
      const dropped = [...engine.matchAll(/DROP INDEX "i(\d+)"/g)].map(([, at]) => KINDS[Number(at)])
      expect(dropped.length).toBeGreaterThan(10)
      expect(new Set(said)).toEqual(new Set(dropped))
    },
    120_000,
  )
})

/** What a server answers to the statements after those of the first script; '' where it runs them. */
async function serverSays(first: string, then: string): Promise<string> {
  return inSchema(async (client) => {
    for (const { sql } of await splitStatements(first)) await client.query(sql)
    try {
      for (const { sql } of await splitStatements(then)) await client.query(sql)
      return ''
    } catch (error) {
      return (error as Error).message
    }
  })
}

/** Plays the migrations statement by statement, as deploy does, and reads which indexes the table Event has. */
async function deployed(given: TestProject): Promise<string[]> {
  return inSchema(async (client) => {
    for (const name of given.migrations())
      for (const { sql } of await splitStatements(given.migrationSql(name))) await client.query(sql)
    const { rows } = await client.query<{ name: string }>(
      `select indexname as name from pg_indexes where schemaname = current_schema() and tablename = 'Event' order by 1`,
    )
    return rows.map((each) => each.name)
  })
}

async function inSchema<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: postgresUrl() })
  await client.connect()
  const schema = `brisk_written_${process.pid}_${Date.now()}`
  try {
    await client.query(`create schema ${schema}`)
    await client.query(`set search_path to ${schema}`)
    return await work(client)
  } finally {
    await client.query('rollback').catch(() => undefined)
    await client.query(`drop schema if exists ${schema} cascade`)
    await client.end()
  }
}
