import { createConnection } from 'mariadb'
import { mariadbUrl } from '../../support/servers.ts'
import { datasource, project, removeProjects } from './support/static-project.ts'

afterEach(removeProjects)

const SCHEMA = `${datasource('mysql')}
model User {
  id    Int    @id @default(autoincrement())
  posts Post[]
}

model Post {
  id        Int      @id @default(autoincrement())
  author    User     @relation(fields: [authorId], references: [id])
  authorId  Int
  title     String
  body      String   @db.Text
  score     Int
  createdAt DateTime @default(now())
}
`

const INIT = `-- CreateTable
CREATE TABLE \`User\` (
    \`id\` INTEGER NOT NULL AUTO_INCREMENT,

    PRIMARY KEY (\`id\`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- CreateTable
CREATE TABLE \`Post\` (
    \`id\` INTEGER NOT NULL AUTO_INCREMENT,
    \`authorId\` INTEGER NOT NULL,
    \`title\` VARCHAR(191) NOT NULL,
    \`body\` TEXT NOT NULL,
    \`score\` INTEGER NOT NULL,
    \`createdAt\` DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),

    PRIMARY KEY (\`id\`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- AddForeignKey
ALTER TABLE \`Post\` ADD CONSTRAINT \`Post_authorId_fkey\` FOREIGN KEY (\`authorId\`) REFERENCES \`User\`(\`id\`) ON DELETE RESTRICT ON UPDATE CASCADE;
`

const SOURCE = `import { PrismaClient } from '../generated/client'
const prisma = new PrismaClient()
export const a = (body: string) => prisma.post.findMany({ where: { body } })
export const b = () => prisma.post.findMany({ orderBy: [{ score: 'desc' }, { createdAt: 'asc' }], take: 10 })
export const c = (authorId: number) => prisma.post.findMany({ where: { authorId }, orderBy: { createdAt: 'desc' }, take: 5 })
`

const FILES = {
  'prisma/schema.prisma': SCHEMA,
  'prisma/migrations/20260101000000_init/migration.sql': INIT,
  'src/queries.ts': SOURCE,
}

async function databases(): Promise<string[]> {
  const { hostname, port, username, password } = new URL(mariadbUrl())
  const connection = await createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: username,
    password: decodeURIComponent(password),
  })
  try {
    const rows = await connection.query<Record<string, string>[]>("SHOW DATABASES LIKE 'brisk\\_shadow\\_%'")
    return rows.flatMap((row) => Object.values(row))
  } finally {
    await connection.end()
  }
}

describe('MariaDB', () => {
  test('X60 X61 X11 ALGORITHM=INPLACE, LOCK=NONE: the migrations apply to a server and make exactly the declared indexes', async () => {
    const given = project(FILES)
    expect([
      await given.brisk('advise', '--write', '--shadow-database-url', mariadbUrl()),
      given.stderr,
    ]).toEqual([
      0,
      expect.stringMatching(
        /^The migrations, played on MariaDB [\d.]+, make exactly the indexes the edited schema declares\./,
      ),
    ])
    expect(given.migrationSql('20260304050607_add_indexes')).toBe(`-- CreateIndex
CREATE INDEX \`Post_authorId_createdAt_idx\` ON \`Post\`(\`authorId\`, \`createdAt\`) ALGORITHM=INPLACE LOCK=NONE;

-- CreateIndex
CREATE INDEX \`Post_body_idx\` ON \`Post\`(\`body\`(191)) ALGORITHM=INPLACE LOCK=NONE;

-- CreateIndex
CREATE INDEX \`Post_score_createdAt_idx\` ON \`Post\`(\`score\` DESC, \`createdAt\`) ALGORITHM=INPLACE LOCK=NONE;
`)
    expect(given.read('prisma/schema.prisma')).toContain(`
  @@index([authorId, createdAt])
  @@index([body(length: 191)])
  @@index([score(sort: Desc), createdAt])
}`)
    expect(await databases()).toEqual([])
    const after = given.snapshot()
    expect(await given.brisk('advise', '--write', '--shadow-database-url', mariadbUrl())).toBe(0)
    expect(given.snapshot()).toEqual(after)
  })

  test('X60 a migration that fails on the server → refused, nothing written, no database left behind', async () => {
    const given = project({
      ...FILES,
      'prisma/migrations/20260102000000_wrong/migration.sql': 'ALTER TABLE `Nowhere` ADD COLUMN `x` INTEGER;',
    })
    const before = given.snapshot()
    expect(await given.brisk('advise', '--write', '--shadow-database-url', mariadbUrl())).toBe(2)
    expect(given.stderr).toMatch(
      /^brisk: After this migration 20260102000000_wrong fails on MariaDB .*Nothing was written\.\n$/,
    )
    expect(given.snapshot()).toEqual(before)
    expect(await databases()).toEqual([])
  })

  test('X66 an unreachable shadow server → one line, nothing written', async () => {
    const given = project(FILES)
    const before = given.snapshot()
    expect(
      await given.brisk('advise', '--write', '--shadow-database-url', 'mysql://root@127.0.0.1:1/x'),
    ).toBe(2)
    expect(given.stderr).toMatch(
      /^brisk: The shadow database server at 127\.0\.0\.1 cannot be reached: .*\n$/,
    )
    expect(given.snapshot()).toEqual(before)
  })
})

describe('MySQL without a server', () => {
  test('X60 what was proved is said: the edited schema, not the migrations', async () => {
    const given = project(FILES)
    expect(await given.brisk('advise', '--write')).toBe(0)
    expect(given.stderr).toContain("Prisma's engine for MySQL cannot run here: give --shadow-database-url")
  })

  test('X63 a column, an index or a table that no migration names → refused', async () => {
    for (const [change, named] of [
      ['  score     Int\n', 'column Post.extra'],
      ['  createdAt DateTime @default(now())\n', 'index Post_score_idx'],
    ] as const) {
      const added = named.startsWith('column')
        ? `${change}  extra     Int?\n`
        : `${change}\n  @@index([score])\n`
      const given = project({ ...FILES, 'prisma/schema.prisma': SCHEMA.replace(change, added) })
      const before = given.snapshot()
      expect(await given.brisk('advise', '--write')).toBe(2)
      expect(given.stderr).toContain(`no migration holds yet (first: ${named})`)
      expect(given.snapshot()).toEqual(before)
    }
  })
})
