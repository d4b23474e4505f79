import {
  cascadeTargets,
  fromMetadata,
  loadSchemaModel,
  parseSchema,
  schemaHash,
  toMetadata,
  type SchemaSources,
} from '../../src/index.ts'
import { forSeeds } from '../../../../test/support/random.ts'
import { randomSchema } from '../support/random-schema.ts'
import { whole } from '../support/whole-schema.ts'

const BLOG = `
datasource db {
  provider = "postgres"
}

model User {
  id    Int    @id @default(autoincrement())
  email String @unique
  posts Post[]
}

model Post {
  id       Int    @id
  authorId Int?   @map("author_id")
  author   User?  @relation(fields: [authorId], references: [id])
  slug     String
  day      DateTime @db.Date
  tags     Tag[]

  @@unique([slug, day])
  @@unique([authorId, slug], name: "authorSlug", map: "post_author_slug")
  @@unique([day], where: raw("slug = ''"))
  @@index([day(sort: Desc), slug(ops: raw("text_pattern_ops"))], where: { authorId: { not: null } }, type: BTree, map: "recent")
  @@map("posts")
}

model Tag {
  name  String @id
  posts Post[]
}
`

describe('the model', () => {
  const schema = parseSchema(BLOG, 'inline')
  const post = schema.models.get('Post')

  test('names tables, columns and the arguments of unique keys as Prisma does', () => {
    expect(schema.provider).toBe('postgresql')
    expect(post?.table).toBe('posts')
    expect(post?.fields.get('authorId')).toMatchObject({
      column: 'author_id',
      type: 'Int',
      isRequired: false,
    })
    expect(post?.uniques.map(({ name, fields, dbName }) => ({ name, fields, dbName }))).toEqual([
      { name: 'slug_day', fields: ['slug', 'day'], dbName: null },
      { name: 'authorSlug', fields: ['authorId', 'slug'], dbName: 'post_author_slug' },
    ])
  })

  test('counts a partial unique as an index: its values may repeat', () => {
    expect(post?.fields.get('day')?.isUnique).toBe(false)
    expect(post?.indexes.find((index) => index.isUnique)).toMatchObject({
      name: 'day',
      predicate: { kind: 'raw', sql: "slug = ''" },
    })
  })

  test('keeps order, operator class and predicate of an index', () => {
    expect(post?.indexes.find((index) => !index.isUnique)).toEqual({
      fields: [
        { name: 'day', sort: 'desc', length: null, ops: null },
        { name: 'slug', sort: 'asc', length: null, ops: { name: 'text_pattern_ops', raw: true } },
      ],
      isUnique: false,
      name: null,
      dbName: 'recent',
      type: 'BTree',
      predicate: { kind: 'fields', conditions: [{ field: 'authorId', not: true, value: null }] },
      clustered: null,
    })
  })

  test('joins both sides of a relation', () => {
    expect(schema.models.get('User')?.relations).toMatchObject([
      { field: 'posts', target: 'Post', isList: true, fields: [], backField: 'author', onDelete: 'SetNull' },
    ])
    expect(post?.relations[0]).toMatchObject({ fields: ['authorId'], references: ['id'], backField: 'posts' })
  })

  test('knows the join table of an implicit many-to-many relation', () => {
    expect(post?.relations[1]?.manyToMany).toEqual({
      table: '_PostToTag',
      dbSchema: null,
      columns: { here: 'A', there: 'B' },
    })
    expect(schema.models.get('Tag')?.relations[0]?.manyToMany?.columns).toEqual({ here: 'B', there: 'A' })
  })
})

test('the join table of a self relation goes by the names of the fields', () => {
  // As Prisma wrote it on PostgreSQL: `update N 2 { zeta: { connect: 1 } }` inserts (A 1, B 2).
  const { models } = parseSchema(
    'model N {\n id Int @id\n zeta N[] @relation("R")\n alfa N[] @relation("R")\n}\n',
    'inline',
  )
  expect(models.get('N')?.relations.map(({ field, manyToMany }) => [field, manyToMany?.columns])).toEqual([
    ['zeta', { here: 'B', there: 'A' }],
    ['alfa', { here: 'A', there: 'B' }],
  ])
})

describe('the hash', () => {
  test('does not see comments, layout, line ends and generator blocks', () => {
    const same =
      `// c\n${BLOG.replace('model User {', 'generator x {\n  provider = "p" // }\n}\n\nmodel   User   { // x')}`
        .replaceAll('  ', '\t ')
        .replaceAll('\n', '\r\n')
    expect(schemaHash(same)).toBe(schemaHash(BLOG))
    expect(parseSchema(same, 'inline').hash).toBe(parseSchema(BLOG, 'inline').hash)
  })

  test.each(['email String', '@unique', '"post_author_slug"', "slug = ''", 'Post[]'])(
    'sees a change of %s',
    (part) => {
      expect(schemaHash(BLOG.replace(part, ''))).not.toBe(schemaHash(BLOG))
    },
  )

  test('sees a blank inside a string', () => {
    expect(schemaHash(BLOG.replace("slug = ''", "slug  = ''"))).not.toBe(schemaHash(BLOG))
  })
})

describe('generated metadata', () => {
  test('is the model again, through JSON', async () => {
    await forSeeds(30, (random) => {
      const schema = parseSchema(randomSchema(random), 'generator')
      const metadata = JSON.parse(JSON.stringify(toMetadata(schema)))
      expect(whole(fromMetadata(metadata, 'generator'))).toEqual(schema)
    })
  })
})

describe('loading', () => {
  const warnings: string[] = []
  const load = (sources: SchemaSources) =>
    loadSchemaModel({ ...sources, warn: (code) => warnings.push(code) })
  const metadata = toMetadata(parseSchema(BLOG, 'generator'))
  const stale = { ...metadata, hash: 'other' }
  const other = 'datasource db {\n provider = "sqlite"\n}\nmodel X {\n id Int @id\n}\n'
  beforeEach(() => {
    warnings.length = 0
    ;(globalThis as Record<symbol, unknown>)[Symbol.for('prisma-brisk.schema-metadata')] = undefined
  })

  test('takes the option first', () => {
    expect(load({ option: other, generatorMetadata: metadata, inlineSchema: BLOG })).toMatchObject({
      source: 'option',
      provider: 'sqlite',
    })
    expect(load({ option: [other, 'model Y {\n id Int @id\n}'], inlineSchema: BLOG })?.models.size).toBe(2)
    const parsed = parseSchema(other, 'option')
    expect(load({ option: parsed, inlineSchema: BLOG })).toBe(parsed)
    expect(warnings).toEqual([])
  })

  test('then generated metadata', () => {
    expect(load({ generatorMetadata: metadata, inlineSchema: BLOG })).toMatchObject({ source: 'generator' })
    expect(load({ option: metadata, inlineSchema: BLOG })).toMatchObject({
      source: 'option',
      hash: metadata.hash,
    })
    expect(warnings).toEqual([])
  })

  test('finds what a generated module has registered, by hash', () => {
    const registry = new Map([[metadata.hash, metadata]])
    ;(globalThis as Record<symbol, unknown>)[Symbol.for('prisma-brisk.schema-metadata')] = registry
    expect(load({ inlineSchema: BLOG })).toMatchObject({ source: 'generator' })
    expect(load({ inlineSchema: other })).toMatchObject({ source: 'inline', provider: 'sqlite' })
    expect(warnings).toEqual([])
  })

  test('then the client’s own text', () => {
    expect(load({ inlineSchema: BLOG })).toMatchObject({ source: 'inline', provider: 'postgresql' })
  })

  test('refuses stale metadata with one warning and reads the text', () => {
    expect(load({ generatorMetadata: stale, inlineSchema: BLOG })).toMatchObject({ source: 'inline' })
    expect(warnings).toEqual(['W_STALE_SCHEMA'])
    expect(load({ option: stale, inlineSchema: BLOG })).toMatchObject({ source: 'inline' })
    expect(warnings).toEqual(['W_STALE_SCHEMA', 'W_STALE_SCHEMA'])
  })

  test('warns of text that cannot be read and goes on', () => {
    expect(load({ option: 'model {', inlineSchema: BLOG })).toMatchObject({ source: 'inline' })
    expect(load({ inlineSchema: 'model {' })).toBeNull()
    expect(warnings).toEqual(['W_SCHEMA_SYNTAX', 'W_SCHEMA_SYNTAX'])
  })

  test('without any source there is no model, and one warning says what to do', () => {
    expect(load({})).toBeNull()
    expect(warnings).toEqual(['W_NO_SCHEMA'])
  })
})

describe('cascades', () => {
  const chain = (relations: Record<string, string>) =>
    parseSchema(
      `datasource db {\n provider = "postgresql"\n}
model A {
 id Int @id
 code String @unique
 bs B[]
 cs C[]
}
model B {
 id Int @id
 aId Int
 a A @relation(fields: [aId], references: [id]${relations['b'] ?? ''})
 ds D[]
 parentId Int?
 parent B? @relation("tree", fields: [parentId], references: [id])
 children B[] @relation("tree")
}
model C {
 aCode String @id
 a A @relation(fields: [aCode], references: [code]${relations['c'] ?? ''})
 ds D[]
}
model D {
 id Int @id
 bId Int?
 b B? @relation(fields: [bId], references: [id]${relations['d'] ?? ''})
 cCode String?
 c C? @relation(fields: [cCode], references: [aCode])
}
`,
      'inline',
    )

  test('follow onDelete: Cascade down the chain, and stop after SetNull', () => {
    const schema = chain({ b: ', onDelete: Cascade', d: ', onDelete: SetNull' })
    expect(cascadeTargets(schema, 'A', 'delete')).toEqual(new Set(['B', 'D']))
  })

  test('do not pass Restrict, the default of a required foreign key', () => {
    expect(cascadeTargets(chain({}), 'A', 'delete')).toEqual(new Set())
    expect(cascadeTargets(chain({}), 'B', 'delete')).toEqual(new Set(['B', 'D']))
  })

  test('follow a changed key through onUpdate, as far as keys reference keys', () => {
    expect(cascadeTargets(chain({}), 'A', ['code'])).toEqual(new Set(['C', 'D']))
    expect(cascadeTargets(chain({}), 'A', ['id'])).toEqual(new Set(['B']))
    expect(cascadeTargets(chain({ b: ', onUpdate: Restrict' }), 'A', ['id'])).toEqual(new Set())
    expect(cascadeTargets(chain({}), 'A', ['other'])).toEqual(new Set())
  })

  test('without a cause are all of them', () => {
    expect(cascadeTargets(chain({ b: ', onDelete: Cascade' }), 'A')).toEqual(new Set(['B', 'C', 'D']))
  })
})
