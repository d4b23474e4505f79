import { firstMigration } from './support/static-engine.ts'
import { project, removeProjects } from './support/static-project.ts'

afterEach(removeProjects)

const MODELS = `
model User {
  id    Int     @id @default(autoincrement())
  email String  @unique
  posts Post[]
}

model Post {
  id       Int    @id @default(autoincrement())
  title    String
  authorId Int
  author   User   @relation(fields: [authorId], references: [id])
}
`

/** Schemas as these versions have them, none of which Prisma 7 accepts. */
const SCHEMAS = {
  '5.22.0': `generator client {
  provider        = "prisma-client-js"
  previewFeatures = ["fullTextSearch", "metrics", "tracing", "driverAdapters", "omitApi"]
  binaryTargets   = ["native", "debian-openssl-3.0.x"]
  engineType      = "library"
}

datasource db {
  provider          = "postgres"
  url               = env("DATABASE_URL") // pooled
  directUrl         = env("DIRECT_URL")
  shadowDatabaseUrl = env("SHADOW_URL")
}
`,
  '6.19.0': `generator client {
  provider        = "prisma-client-js"
  previewFeatures = ["metrics", "relationJoins", "queryCompiler"]
}

datasource db {
  provider     = "postgresql"
  url          = "postgresql://localhost/app"
  relationMode = "foreignKeys"
}
`,
  '7.10.0': `generator client {
  provider = "prisma-client"
  output   = "../src/generated"
}

datasource db {
  provider = "postgresql"
}
`,
}

test.each(Object.entries(SCHEMAS))(
  'X66 a project of Prisma %s, without prisma.config.ts: advised, explained, written and checked',
  async (version, settings) => {
    const schema = settings + MODELS
    const given = project({
      'package.json': JSON.stringify({ dependencies: { '@prisma/client': version } }),
      'prisma/schema.prisma': schema,
      'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
      'prisma/migrations/0_init/migration.sql': await firstMigration(
        'postgresql',
        `datasource db {\n  provider = "postgresql"\n}\n${MODELS}`,
      ),
    })
    expect(await given.brisk('advise')).toBe(0)
    expect(given.stdout).toContain('+ @@index([authorId])')
    const line = schema.split('\n').findIndex((each) => each.includes('@relation')) + 1
    expect(given.stdout).toContain(`prisma/schema.prisma:${line}`)
    expect(await given.brisk('explain', 'Post.authorId')).toBe(0)
    expect(await given.brisk('advise', '--write')).toBe(0)
    const written = given.read('prisma/schema.prisma')
    expect(written.replace('\n\n  @@index([authorId])', '')).toBe(schema)
    expect(await given.brisk('advise', '--check')).toBe(0)
  },
)

test('X66 a project of Prisma 8: one sentence says what works, and a schema that is named is read', async () => {
  const given = project({
    'package.json': JSON.stringify({ dependencies: { '@prisma/orm-postgres': '0.17.0' } }),
    'src/contract.json': '{}',
    'old/schema.prisma': SCHEMAS['6.19.0'] + MODELS,
  })
  expect(await given.brisk('advise')).toBe(2)
  expect(given.stderr).toMatch(
    /^brisk: This is a project of Prisma 8 \(@prisma\/orm-postgres in package.json\), .* name it with --schema\.\n$/,
  )
  expect(await given.brisk('advise', '--schema', 'old/schema.prisma')).toBe(0)
  expect(given.stdout).toContain('+ @@index([authorId])')
})

test('X66 what no version accepts is refused still, at its own line', async () => {
  const schema = SCHEMAS['6.19.0'].replace('"metrics"', '"nonsense"') + MODELS
  const given = project({ 'prisma/schema.prisma': schema })
  expect(await given.brisk('advise')).toBe(2)
  expect(given.stderr).toMatch(/prisma\/schema\.prisma:3: The preview feature "nonsense" is not known/)
})
