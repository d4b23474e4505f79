import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import pg from 'pg'
import { splitStatements } from '../../../packages/index-advisor/src/history/postgres-statements.ts'
import { postgresUrl } from '../../support/servers.ts'
import { firstMigration, prismaDiff } from './support/static-engine.ts'
import type { TestProject } from './support/static-project.ts'
import { datasource, project, removeProjects } from './support/static-project.ts'

afterEach(removeProjects)

const HEADER = `-- No timeouts: a concurrent build that is cut off leaves an INVALID index behind.
-- squawk-ignore-file require-lock-timeout, require-statement-timeout

`

const LOCK = 'provider = "postgresql"\n'

/** One model for each kind of index the advisor makes. */
const EVERY_KIND = `
model User {
  id        Int     @id @default(autoincrement())
  /// an author's posts
  posts     Post[]
  Profiles  AVeryLongModelNameThatGoesOnAndOnForAsLongAsAnyoneCanStand[]
}

// the posts
model Post {
  id        Int       @id @default(autoincrement())
  author    User      @relation(fields: [authorId], references: [id], onDelete: Cascade)
  authorId  Int       @map("author_id")
  tags      String[]
  score     Int
  title     String
  deletedAt DateTime?
  createdAt DateTime

  @@map("blog posts")
}

model AVeryLongModelNameThatGoesOnAndOnForAsLongAsAnyoneCanStand {
  id                                    Int  @id
  user                                  User @relation(fields: [aVeryLongColumnNameThatIsNotMuchShorterEither], references: [id], map: "long_fkey")
  aVeryLongColumnNameThatIsNotMuchShorterEither Int
}

model Taken {
  id    Int  @id
  ownerId Int
  owner   Owner @relation(fields: [ownerId], references: [id])

  @@index([id, ownerId], map: "Taken_ownerId_idx")
}

model Owner {
  id     Int     @id
  takens Taken[]
}
`

const SOURCE = `import { PrismaClient } from '../generated/client'
const prisma = new PrismaClient()
export const tagged = (tag: string) => prisma.post.findMany({ where: { tags: { has: tag } } })
export const mixed = () => prisma.post.findMany({ orderBy: [{ score: 'desc' }, { createdAt: 'asc' }], take: 10 })
export const live = (title: string) => prisma.post.findMany({ where: { deletedAt: null, title } })
`

describe('PostgreSQL', () => {
  test('X60 X61 X62 X9 every kind of index: the migration applies to a database made from the earlier ones, and Prisma sees no difference', async () => {
    const schema = datasource('postgresql', ['partialIndexes']) + EVERY_KIND
    const given = project({
      'prisma/schema.prisma': schema,
      'prisma/migrations/20260101000000_init/migration.sql': await firstMigration('postgresql', schema),
      'prisma/migrations/migration_lock.toml': LOCK,
      'node_modules/prisma/package.json': '{ "name": "prisma", "version": "7.10.0" }',
      'src/queries.ts': SOURCE,
    })
    expect(await given.brisk('advise', '--write')).toBe(0)

    const [init, added, ...others] = given.migrations()
    expect(others).toEqual([])
    expect(init).toBe('20260101000000_init')
    expect(added).toBe('20260304050607_add_indexes')
    expect(given.migrationSql(added as string)).toBe(`${HEADER}-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "AVeryLongModelNameThatGoesOnAndOnForAsLongAsAnyoneCanStand__idx" ON "AVeryLongModelNameThatGoesOnAndOnForAsLongAsAnyoneCanStand"("aVeryLongColumnNameThatIsNotMuchShorterEither");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "blog posts_author_id_idx" ON "blog posts"("author_id");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "blog posts_score_createdAt_idx" ON "blog posts"("score" DESC, "createdAt");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "blog posts_tags_idx" ON "blog posts" USING GIN ("tags");

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "blog posts_title_idx" ON "blog posts"("title") WHERE ("deletedAt" IS NULL);

-- CreateIndex
CREATE INDEX CONCURRENTLY IF NOT EXISTS "Taken_ownerId_idx1" ON "Taken"("ownerId");
`)
    expect(squawk(given, added as string)).toBe('')
    expect(await differences(given)).toBe('')
    expect(await applyOnServer(given)).toEqual([
      'AVeryLongModelNameThatGoesOnAndOnForAsLongAsAnyoneCanStand__idx',
      'AVeryLongModelNameThatGoesOnAndOnForAsLongAsAnyoneCanStand_pkey',
      'Owner_pkey',
      'Taken_ownerId_idx',
      'Taken_ownerId_idx1',
      'Taken_pkey',
      'User_pkey',
      'blog posts_author_id_idx',
      'blog posts_pkey',
      'blog posts_score_createdAt_idx',
      'blog posts_tags_idx',
      'blog posts_title_idx',
    ])
  }, 180_000)

  test('X7 only the added lines differ: CRLF, comments, multi-file schemas, @map and @@schema keep their bytes', async () => {
    const base = `datasource db {\r\n  provider = "postgresql"\r\n  schemas  = ["app", "log"]\r\n}\r\n`
    const users = `/// people\nmodel User { // of the app\n\tid\tInt\t@id\n\tposts Post[]\n\t/// brisk-ignore nothing: x\n\tevents Event[]\n\t@@map("users")\n\t@@schema("app")\n}\n`
    const posts = `model Post {\r\n  id       Int  @id // key\r\n\r\n  author   User @relation(fields: [authorId], references: [id])\r\n  authorId Int  @map("author_id") /* who */\r\n\r\n  @@map("posts")\r\n  @@schema("app")\r\n}\r\n\r\n// end`
    const events = `model Event {\n  id Int @id\n  userId Int\n  user User @relation(fields: [userId], references: [id])\n  @@schema("log")\n}`
    const files = [
      { path: 'base.prisma', text: base },
      { path: 'posts.prisma', text: posts },
      { path: 'users.prisma', text: users },
      { path: 'log/events.prisma', text: events },
    ]
    const given = project({
      'node_modules/prisma/package.json': '{ "version": "7.10.0" }',
      'prisma.config.ts': `export default { schema: 'prisma/schema', migrations: { path: 'prisma/migrations' } }\n`,
      ...Object.fromEntries(files.map((file) => [`prisma/schema/${file.path}`, file.text])),
      'prisma/migrations/20260101000000_init/migration.sql': await prismaDiff('postgresql', [], files),
    })
    expect(await given.brisk('advise', '--write')).toBe(0)
    expect(given.read('prisma/schema/base.prisma')).toBe(base)
    expect(given.read('prisma/schema/users.prisma')).toBe(users)
    expect(given.read('prisma/schema/posts.prisma')).toBe(
      posts.replace('  @@schema("app")\r\n}', '  @@schema("app")\r\n  @@index([authorId])\r\n}'),
    )
    expect(given.read('prisma/schema/log/events.prisma')).toBe(
      events.replace('  @@schema("log")\n}', '  @@schema("log")\n  @@index([userId])\n}'),
    )
    const sql = given.migrationSql('20260304050607_add_indexes')
    expect(sql).toContain('"posts_author_id_idx" ON "app"."posts"("author_id")')
    expect(sql).toContain('"Event_userId_idx" ON "log"."Event"("userId")')
  })

  test('X61 before Prisma 7.4 one CONCURRENTLY a migration; since then all in one', async () => {
    const schema = `${datasource('postgresql')}
model A {
  id Int @id
  bs B[]
  cs C[]
}

model B {
  id  Int @id
  a   A   @relation(fields: [aId], references: [id])
  aId Int
}

model C {
  id  Int @id
  a   A   @relation(fields: [aId], references: [id])
  aId Int
}
`
    const init = await firstMigration('postgresql', schema)
    const written = async (prisma: Record<string, string>) => {
      const given = project({
        'prisma/schema.prisma': schema,
        'prisma/migrations/20260101000000_init/migration.sql': init,
        ...prisma,
      })
      expect(await given.brisk('advise', '--write', '--no-source')).toBe(0)
      return given.migrations().slice(1)
    }
    expect(await written({ 'node_modules/prisma/package.json': '{ "version": "7.4.0" }' })).toEqual([
      '20260304050607_add_indexes',
    ])
    expect(await written({ 'node_modules/prisma/package.json': '{ "version": "7.3.2" }' })).toEqual([
      '20260304050607_add_indexes_1',
      '20260304050608_add_indexes_2',
    ])
    expect(
      await written({ 'node_modules/@prisma/client/package.json': '{ "version": "7.40.0" }' }),
    ).toHaveLength(1)
  })

  test('X5 X61 --drop-redundant drops in migrations of their own, one CONCURRENTLY each', async () => {
    const schema = `${datasource('postgresql')}
model A {
  id Int    @id
  b  Int
  c  Int
  d  String @unique

  @@index([b])
  @@index([b, c])
  // kept
  @@index([d])
}
`
    const given = project({
      'prisma/schema.prisma': schema,
      'prisma/migrations/20260101000000_init/migration.sql': await firstMigration('postgresql', schema),
      'node_modules/prisma/package.json': '{ "version": "7.10.0" }',
    })
    const before = given.snapshot()
    expect(await given.brisk('advise', '--write')).toBe(0)
    expect(given.snapshot()).toEqual(before)
    expect(await given.brisk('advise', '--write', '--drop-redundant')).toBe(0)
    expect(given.migrations().slice(1)).toEqual([
      '20260304050607_drop_redundant_indexes_1',
      '20260304050608_drop_redundant_indexes_2',
    ])
    expect(given.migrationSql('20260304050607_drop_redundant_indexes_1')).toBe(
      `${HEADER}-- DropIndex\nDROP INDEX CONCURRENTLY IF EXISTS "A_b_idx";\n`,
    )
    expect(given.read('prisma/schema.prisma')).toBe(
      schema.replace('  @@index([b])\n', '').replace('  @@index([d])\n', ''),
    )
    expect(await differences(given)).toBe('')
    expect(await applyOnServer(given)).toEqual(['A_b_c_idx', 'A_d_key', 'A_pkey'])
    for (const name of given.migrations().slice(1)) expect(squawk(given, name)).toBe('')
    expect(squawk(given, '20260101000000_init')).toContain('require-concurrent-index-creation')
  })

  test('X63 pending schema changes → refused, nothing written', async () => {
    const schema = `${datasource('postgresql')}
model A {
  id Int @id
  bs B[]
}

model B {
  id  Int @id
  a   A   @relation(fields: [aId], references: [id])
  aId Int
}
`
    const given = project({
      'prisma/schema.prisma': schema.replace('  bs B[]\n', '  bs B[]\n  name String?\n'),
      'prisma/migrations/20260101000000_init/migration.sql': await firstMigration('postgresql', schema),
    })
    const before = given.snapshot()
    expect(await given.brisk('advise', '--write')).toBe(2)
    expect(given.stderr).toMatch(
      /^brisk: Schema and migrations differ already \(first: ALTER TABLE "A" ADD COLUMN .*\); run prisma migrate dev.*\n$/,
    )
    expect(given.snapshot()).toEqual(before)
  })

  test('X63 run twice → no change; same input → same bytes', async () => {
    const schema = datasource('postgresql', ['partialIndexes']) + EVERY_KIND
    const given = project({
      'prisma/schema.prisma': schema,
      'prisma/migrations/20260101000000_init/migration.sql': await firstMigration('postgresql', schema),
      'src/queries.ts': SOURCE,
      'src/more.ts': SOURCE,
    })
    const outputs: string[] = []
    for (const format of ['json', 'markdown', 'sarif', 'text'])
      for (let time = 0; time < 2; time++) {
        expect(await given.brisk('advise', '--format', format)).toBe(0)
        outputs.push(given.stdout)
      }
    for (let at = 0; at < outputs.length; at += 2) expect(outputs[at]).toBe(outputs[at + 1])

    expect(await given.brisk('advise', '--write')).toBe(0)
    const after = given.snapshot()
    expect(await given.brisk('advise', '--write')).toBe(0)
    expect(given.stdout).toContain('No index is missing.')
    expect(given.stderr).toBe('Nothing to write.\n')
    expect(given.snapshot()).toEqual(after)
  })

  test('X60 migrations that use an extension PGlite carries are played, one it does not carry is refused', async () => {
    const schema = `${datasource('postgresql')}
model A {
  id Int @id
  bs B[]
}

model B {
  id   Int    @id
  a    A      @relation(fields: [aId], references: [id])
  aId  Int
  name String

  @@index([name(ops: raw("gin_trgm_ops"))], type: Gin, map: "B_name_trgm")
}
`
    const init = (extension: string) => async () =>
      `CREATE EXTENSION IF NOT EXISTS "${extension}";\n` +
      (await firstMigration('postgresql', schema.replace(/\n  @@index.*\n/, '\n'))) +
      '\nCREATE INDEX "B_name_trgm" ON "B" USING GIN ("name" gin_trgm_ops);'
    const trigram = project({
      'prisma/schema.prisma': schema,
      'prisma/migrations/20260101000000_init/migration.sql': await init('pg_trgm')(),
    })
    expect([await trigram.brisk('advise', '--write'), trigram.stderr]).toEqual([
      0,
      expect.stringContaining('sees no difference'),
    ])
    const postgis = project({
      'prisma/schema.prisma': schema,
      'prisma/migrations/20260101000000_init/migration.sql': await init('postgis_topology')(),
    })
    expect(await postgis.brisk('advise', '--write')).toBe(2)
    expect(postgis.stderr).toContain('postgis_topology, which PGlite does not carry')
  })
})

describe('SQLite', () => {
  test('X60 the migration applies and Prisma sees no difference', async () => {
    const schema = `${datasource('sqlite', ['partialIndexes'])}
model User {
  id    Int    @id @default(autoincrement())
  posts Post[]
}

model Post {
  id        Int       @id @default(autoincrement())
  author    User      @relation(fields: [authorId], references: [id])
  authorId  Int
  title     String
  score     Int
  deletedAt DateTime?
  createdAt DateTime
}
`
    const given = project({
      'prisma/schema.prisma': schema,
      'prisma/migrations/20260101000000_init/migration.sql': await firstMigration('sqlite', schema),
      'src/queries.ts': SOURCE.replace(/export const tagged.*\n/, ''),
    })
    expect([await given.brisk('advise', '--write'), given.stderr]).toEqual([
      0,
      expect.stringContaining('libSQL'),
    ])
    expect(given.migrationSql('20260304050607_add_indexes')).toBe(`-- CreateIndex
CREATE INDEX "Post_authorId_idx" ON "Post"("authorId");

-- CreateIndex
CREATE INDEX "Post_score_createdAt_idx" ON "Post"("score" DESC, "createdAt");

-- CreateIndex
CREATE INDEX "Post_title_idx" ON "Post"("title") WHERE "deletedAt" IS NULL;
`)
    expect(await differences(given, 'sqlite')).toBe('')
  })
})

function differences(given: TestProject, provider: 'postgresql' | 'sqlite' = 'postgresql'): Promise<string> {
  const migrations = given.migrations().map((name) => ({ name, sql: given.migrationSql(name) }))
  return prismaDiff(provider, migrations, [
    { path: 'schema.prisma', text: given.read('prisma/schema.prisma') },
  ])
}

/** Plays all migrations on the real server, statement by statement as Prisma's engine does; returns the index names. */
async function applyOnServer(given: TestProject): Promise<string[]> {
  const admin = new pg.Client({ connectionString: postgresUrl() })
  await admin.connect()
  const name = `brisk_static_${process.pid}_${Date.now()}`
  await admin.query(`CREATE DATABASE "${name}"`)
  const url = new URL(postgresUrl())
  url.pathname = `/${name}`
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    for (const migration of given.migrations())
      for (const { sql } of await splitStatements(given.migrationSql(migration))) await client.query(sql)
    const { rows } = await client.query<{ name: string; valid: boolean }>(
      `SELECT c.relname AS name, i.indisvalid AS valid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'`,
    )
    expect(rows.filter((row) => !row.valid)).toEqual([])
    return rows.map((row) => row.name).sort()
  } finally {
    await client.end()
    await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`)
    await admin.end()
  }
}

/** Complaints of the real linter about a migration, with all its rules on; empty when there are none. */
function squawk(given: TestProject, migration: string): string {
  const installed = createRequire(new URL('../../../packages/index-advisor/package.json', import.meta.url))
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      installed.resolve('squawk-cli/js/bin/squawk'),
      given.path(`prisma/migrations/${migration}/migration.sql`),
    ],
    { encoding: 'utf8' },
  )
  return status === 0 ? '' : stdout + stderr
}
