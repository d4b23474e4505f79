import { adviceOn } from '../support/small-project.ts'

/** What is not known of an index serves nothing, covers nothing and makes nothing redundant. */

const posts = (attributes = '') => `
model User {
  id    Int    @id
  posts Post[]
}
model Post {
  id       Int    @id
  author   User   @relation(fields: [authorId], references: [id])
  authorId Int
  status   Int
  title    String
  body     String?
${attributes}
}`

const POST_TABLE = `CREATE TABLE "Post" ("id" INTEGER NOT NULL, "authorId" INTEGER NOT NULL, "status" INTEGER NOT NULL, "title" TEXT NOT NULL, "body" TEXT, CONSTRAINT "Post_pkey" PRIMARY KEY ("id"));\n`
const byTitle = `export const t = (title: string) => prisma.post.findMany({ where: { title } })\n`
const byAuthor = `export const t = (authorId: number) => prisma.post.findMany({ where: { authorId } })\n`

describe('KA-A6 an access method that is not known', () => {
  test.each(['bloom', 'rum', 'vodka'])(
    'KA-A6 %s serves nothing and covers no foreign key',
    async (method) => {
      const { ids, remarks } = await adviceOn({
        models: posts('@@index([authorId])'),
        migrations: `${POST_TABLE}CREATE INDEX "Post_authorId_idx" ON "Post"("authorId");\nCREATE INDEX b ON "Post" USING ${method} ("authorId", "title");`,
        source: byTitle,
      })
      expect(ids).toEqual(['Post(title)'])
      expect(remarks).toEqual(['undeclared-index b'])
    },
  )

  test('KA-A6 alone it is no index of the foreign key', async () => {
    const { ids } = await adviceOn({
      models: posts(),
      migrations: `${POST_TABLE}CREATE INDEX b ON "Post" USING bloom ("authorId", "status");`,
      source: byAuthor,
    })
    expect(ids).toEqual(['Post(authorId)'])
  })

  test('KA-A6 two of them on the same columns are not called duplicates', async () => {
    const { remarks } = await adviceOn({
      models: posts('@@index([authorId])\n@@index([status], map: "a")\n@@index([status], map: "b")'),
      migrations: `${POST_TABLE}CREATE INDEX "Post_authorId_idx" ON "Post"("authorId");\nCREATE INDEX a ON "Post" USING bloom ("status");\nCREATE INDEX b ON "Post" USING bloom ("status");`,
    })
    expect(remarks).toEqual([])
  })
})

describe('KA-A7 COLLATE', () => {
  test.each([
    ['other than the column’s', '', ' COLLATE "C"', ['Post(title)']],
    ['that of the column', ' COLLATE "C"', ' COLLATE "C"', []],
    ['of the column alone', ' COLLATE "C"', '', []],
    ['"default"', '', ' COLLATE "default"', []],
  ])('KA-A7 %s', async (_, onColumn, onKey, expected) => {
    const { ids } = await adviceOn({
      models: posts('@@index([authorId])\n@@index([title])'),
      migrations: `${POST_TABLE.replace('"title" TEXT', `"title" TEXT${onColumn}`)}CREATE INDEX "Post_authorId_idx" ON "Post"("authorId");\nCREATE INDEX "Post_title_idx" ON "Post"("title"${onKey});`,
      source: byTitle,
    })
    expect(ids).toEqual(expected)
  })

  test('KA-A7 is no beginning of an index in another order, and no twin', async () => {
    const { remarks } = await adviceOn({
      models: posts(
        '@@index([authorId])\n@@index([title])\n@@index([title, status])\n@@index([title], map: "twin")',
      ),
      migrations: `${POST_TABLE}CREATE INDEX "Post_authorId_idx" ON "Post"("authorId");
CREATE INDEX "Post_title_idx" ON "Post"("title" COLLATE "C");
CREATE INDEX "Post_title_status_idx" ON "Post"("title" COLLATE "POSIX", "status");
CREATE INDEX twin ON "Post"("title" COLLATE "de-x-icu");`,
    })
    expect(remarks).toEqual([])
  })

  test('KA-A7 SQLite: NOCASE serves no comparison of a BINARY column, BINARY does', async () => {
    const table = POST_TABLE.replace(', CONSTRAINT "Post_pkey"', ', CONSTRAINT p')
    const on = (collation: string) =>
      adviceOn({
        provider: 'sqlite',
        models: posts('@@index([authorId])\n@@index([title])'),
        migrations: `${table}CREATE INDEX "Post_authorId_idx" ON "Post"("authorId");\nCREATE INDEX "Post_title_idx" ON "Post"("title" COLLATE ${collation});`,
        source: byTitle,
      })
    expect((await on('NOCASE')).ids).toEqual(['Post(title)'])
    expect((await on('BINARY')).ids).toEqual([])
  })
})

describe('KA-A5 MySQL', () => {
  const table =
    '`id` INTEGER NOT NULL, `authorId` INTEGER NOT NULL, `status` INTEGER NOT NULL, `title` VARCHAR(191) NOT NULL, `body` TEXT NULL'
  const create = (more = '') => `CREATE TABLE \`Post\` (${table}${more}, PRIMARY KEY (\`id\`));\n`
  const on = (migrations: string, attributes: string, source = byTitle) =>
    adviceOn({
      provider: 'mysql',
      models: posts(`@@index([authorId])\n${attributes}`).replace(
        'body     String?',
        'body     String? @db.Text',
      ),
      migrations: `${create()}CREATE INDEX \`Post_authorId_idx\` ON \`Post\`(\`authorId\`);\n${migrations}`,
      source,
    })

  test.each([
    ['CREATE FULLTEXT INDEX', 'CREATE FULLTEXT INDEX `Post_title_body_idx` ON `Post`(`title`, `body`);'],
    [
      'ALTER TABLE … ADD FULLTEXT INDEX',
      'ALTER TABLE `Post` ADD FULLTEXT INDEX `Post_title_body_idx` (`title`, `body`);',
    ],
    [
      'ADD FULLTEXT … WITH PARSER',
      'ALTER TABLE `Post` ADD FULLTEXT `Post_title_body_idx` (`title`, `body`) WITH PARSER ngram;',
    ],
  ])('KA-A5 %s is no b-tree: it serves nothing, and nothing is its beginning', async (_, sql) => {
    const { ids, remarks } = await on(
      `CREATE INDEX \`Post_title_idx\` ON \`Post\`(\`title\`);\n${sql}`,
      '@@index([title])\n@@fulltext([title, body])',
    )
    expect([ids, remarks]).toEqual([[], []])
    const alone = await on(sql, '@@fulltext([title, body])')
    expect(alone.ids).toEqual(['Post(title)'])
  })

  test('KA-A5 SPATIAL is none either, nor FULLTEXT inside CREATE TABLE', async () => {
    const spatial = await on('CREATE SPATIAL INDEX `s` ON `Post`(`title`);', '')
    expect([spatial.ids, spatial.remarks]).toEqual([['Post(title)'], ['undeclared-index s']])
    const inside = await adviceOn({
      provider: 'mysql',
      models: posts('@@index([authorId])\n@@fulltext([title])'),
      migrations: create(', INDEX `Post_authorId_idx`(`authorId`), FULLTEXT INDEX `Post_title_idx`(`title`)'),
      source: byTitle,
    })
    expect([inside.ids, inside.remarks]).toEqual([['Post(title)'], []])
  })

  test.each([
    ['INVISIBLE', 'CREATE INDEX `Post_title_idx` ON `Post`(`title`) INVISIBLE;'],
    ['IGNORED', 'CREATE INDEX `Post_title_idx` ON `Post`(`title`) IGNORED;'],
    [
      'made so later',
      'CREATE INDEX `Post_title_idx` ON `Post`(`title`);\nALTER TABLE `Post` ALTER INDEX `Post_title_idx` INVISIBLE;',
    ],
  ])('KA-A5 an index that is %s is used by no query', async (_, sql) => {
    expect((await on(sql, '@@index([title])')).ids).toEqual(['Post(title)'])
  })

  test.each([
    [
      'VISIBLE again',
      'CREATE INDEX `Post_title_idx` ON `Post`(`title`) INVISIBLE;\nALTER TABLE `Post` ALTER INDEX `Post_title_idx` VISIBLE;',
    ],
    ['NOT IGNORED', 'CREATE INDEX `Post_title_idx` ON `Post`(`title`) NOT IGNORED;'],
    ['USING BTREE before ON', 'CREATE INDEX `Post_title_idx` USING BTREE ON `Post`(`title`);'],
    [
      'USING HASH, which InnoDB reads as BTREE',
      "CREATE INDEX `Post_title_idx` ON `Post`(`title`) USING HASH COMMENT 'by title';",
    ],
  ])('KA-A5 an index that is %s serves', async (_, sql) => {
    expect((await on(sql, '@@index([title])')).ids).toEqual([])
  })

  test('KA-A5 a length that only the migration says cuts the order', async () => {
    const sorted = `export const t = (title: string) => prisma.post.findMany({ where: { title }, orderBy: { status: 'asc' }, take: 3 })\n`
    const { remarks } = await on(
      'CREATE INDEX `Post_title_idx` ON `Post`(`title`);\nCREATE INDEX `Post_title_status_idx` ON `Post`(`title`(20), `status`);',
      '@@index([title])\n@@index([title, status])',
      sorted,
    )
    expect(remarks).toEqual([])
  })
})

describe('siblings on PostgreSQL', () => {
  const on = (sql: string, attributes: string, source = byTitle) =>
    adviceOn({
      models: posts(`@@index([authorId])\n${attributes}`),
      migrations: `${POST_TABLE}CREATE INDEX "Post_authorId_idx" ON "Post"("authorId");\n${sql}`,
      source,
    })

  test('KA-A6 an index ON ONLY a partitioned table is invalid until each partition has one', async () => {
    const parts = `CREATE TABLE "Post_1" PARTITION OF "Post" FOR VALUES IN (1);\nCREATE TABLE "Post_2" PARTITION OF "Post" FOR VALUES IN (2);\n`
    const only = `${parts}CREATE INDEX "Post_title_idx" ON ONLY "Post"("title");\n`
    expect((await on(only, '@@index([title])')).ids).toEqual(['Post(title)'])
    const one = `${only}ALTER INDEX "Post_title_idx" ATTACH PARTITION "p1";\n`
    expect((await on(one, '@@index([title])')).ids).toEqual(['Post(title)'])
    const both = `${one}ALTER INDEX "Post_title_idx" ATTACH PARTITION "p2";\n`
    expect((await on(both, '@@index([title])')).ids).toEqual([])
  })

  test('KA-A6 a class for patterns finds equal values and sorts nothing; an unknown class finds nothing', async () => {
    const sorted = `export const t = () => prisma.post.findMany({ orderBy: { title: 'asc' }, take: 3 })\n`
    const pattern = 'CREATE INDEX "Post_title_idx" ON "Post"("title" text_pattern_ops);'
    const declared = '@@index([title(ops: raw("text_pattern_ops"))])'
    expect((await on(pattern, declared)).ids).toEqual([])
    expect((await on(pattern, declared, sorted)).ids).toEqual(['Post(title)'])
    const own = 'CREATE INDEX "Post_title_idx" ON "Post"("title" my_ops);'
    expect((await on(own, '@@index([title(ops: raw("my_ops"))])')).ids).toEqual(['Post(title)'])
    const named = 'CREATE INDEX "Post_title_idx" ON "Post"("title" text_ops);'
    expect((await on(named, '@@index([title])', sorted)).ids).toEqual([])
  })

  test('KA-A6 NULLs of a unique column may be many, unless NULLS NOT DISTINCT is said', async () => {
    const source = `export const t = () => prisma.post.findMany({ where: { body: null }, orderBy: { status: 'asc' }, take: 3 })\n`
    const sql = 'CREATE UNIQUE INDEX "Post_body_key" ON "Post"("body")'
    expect((await on(`${sql};`, '@@unique([body])', source)).ids).toEqual(['Post(status)'])
    expect((await on(`${sql} NULLS NOT DISTINCT;`, '@@unique([body])', source)).ids).toEqual([])
  })

  test('KA-A6 a storage parameter was chosen by someone: the index is no beginning, and still serves', async () => {
    const { ids, remarks } = await on(
      'CREATE INDEX "Post_title_idx" ON "Post"("title") WITH (fillfactor = 70);\nCREATE INDEX "Post_title_status_idx" ON "Post"("title", "status");',
      '@@index([title])\n@@index([title, status])',
    )
    expect([ids, remarks]).toEqual([[], []])
  })

  test('KA-A6 an expression that a migration put in the place of the column is what the database has', async () => {
    const sql = 'CREATE INDEX "Post_title_idx" ON "Post"(lower("title"));'
    expect((await on(sql, '@@index([title])')).ids).toEqual(['Post(title)'])
  })
})

describe('KA-A12 identity has its schema', () => {
  const models = `
model Org {
  id Int @id
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
}`
  const tables = `CREATE TABLE "auth"."users" ("id" INTEGER NOT NULL, "orgId" INTEGER NOT NULL);
CREATE TABLE "shop"."users" ("id" INTEGER NOT NULL, "orgId" INTEGER NOT NULL);
CREATE INDEX "users_orgId_idx" ON "auth"."users"("orgId");\n`
  const on = (migrations: string) =>
    adviceOn({
      models,
      migrations,
      files: {
        'prisma/schema.prisma': `datasource db {\n  provider = "postgresql"\n  schemas = ["auth", "shop"]\n}\n${models}`,
      },
    })

  test('KA-A12 the index of one table is not that of its namesake', async () => {
    const { ids, remarks } = await on(tables)
    expect([ids, remarks]).toEqual([['ShopUser(orgId)'], []])
  })

  test('KA-A12 dropping or renaming in one schema leaves the other alone', async () => {
    const both = `${tables}CREATE INDEX "users_orgId_idx" ON "shop"."users"("orgId");\n`
    expect((await on(both)).remarks).toEqual(['undeclared-index users_orgId_idx'])
    expect((await on(`${both}DROP INDEX "shop"."users_orgId_idx";`)).remarks).toEqual([])
    expect((await on(`${both}ALTER INDEX "shop"."users_orgId_idx" RENAME TO "x";`)).remarks).toEqual([
      'undeclared-index x',
    ])
    expect((await on(`${both}DROP TABLE "shop"."users";`)).remarks).toEqual([])
    expect((await on(`${both}DROP SCHEMA "shop" CASCADE;`)).remarks).toEqual([])
  })

  test('KA-A12 SET search_path says which schema the names mean', async () => {
    const { remarks } = await on(
      `${tables}SET search_path TO "shop";\nCREATE INDEX "own" ON "users"("orgId");`,
    )
    expect(remarks).toEqual(['undeclared-index own'])
  })

  test('KA-A12 MySQL: two tables may have indexes of one name', async () => {
    const model = (name: string, attributes: string) =>
      `model ${name} {\n  id Int @id\n  b Int\n${attributes}\n}\n`
    const create = (name: string) =>
      `CREATE TABLE \`${name}\` (\`id\` INTEGER NOT NULL, \`b\` INTEGER NOT NULL, PRIMARY KEY (\`id\`));\nCREATE INDEX \`i\` ON \`${name}\`(\`b\`);\n`
    const { remarks } = await adviceOn({
      provider: 'mysql',
      models: model('A', '@@index([b], map: "i")') + model('B', ''),
      migrations: `${create('A')}${create('B')}DROP INDEX \`i\` ON \`B\`;\n`,
    })
    expect(remarks).toEqual([])
  })
})
