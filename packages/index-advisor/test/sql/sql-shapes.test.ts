import type { SchemaReading } from '../../src/schema/schema-collector.ts'
import { readSchema } from '../../src/schema/schema-collector.ts'
import type { QueryShape } from '../../src/shape/query-shape.ts'
import { toPostgresSpelling } from '../../src/sql/sql-dialect.ts'
import { shapesOfSql } from '../../src/sql/sql-shapes.ts'

const MODELS = `
model User {
  id     Int     @id
  email  String
  z      Int
  active Boolean
  tags   String[]
  meta   Json
  posts  Post[]
}

model Post {
  id        Int      @id
  author    User     @relation(fields: [authorId], references: [id])
  authorId  Int      @map("author_id")
  published Boolean
  createdAt DateTime
}
`

async function catalog(provider: 'postgresql' | 'mysql' | 'sqlite' = 'postgresql') {
  const models = provider === 'postgresql' ? MODELS : MODELS.replace('  tags   String[]\n', '')
  const text = `datasource db {\n  provider = "${provider}"\n}\n${models}`
  return ((await readSchema([{ file: 'schema.prisma', text }])) as SchemaReading).catalog
}

/** `Post: authorId equals, published equals | createdAt desc | 10` */
function show(shape: QueryShape): string {
  const conditions = shape.conditions.map((each) => `${each.column} ${each.operator}`).join(', ')
  const order = shape.order.map((each) => `${each.column} ${each.sort}`).join(', ')
  return [`${shape.table}: ${conditions}`, order, shape.limit === null ? '' : String(shape.limit)]
    .join(' | ')
    .replace(/[ |]+$/, '')
}

async function shapes(
  sql: string,
  provider: 'postgresql' | 'mysql' | 'sqlite' = 'postgresql',
): Promise<string[]> {
  const read = await shapesOfSql(sql, await catalog(provider), { kind: 'workload' })
  expect(read.unread).toBeNull()
  return read.shapes.map(show)
}

test.each([
  [
    'equality, sort, limit as Prisma writes them',
    `SELECT "public"."Post"."id" FROM "public"."Post" WHERE ("public"."Post"."author_id" = $1 AND 1=1) ORDER BY "public"."Post"."createdAt" DESC LIMIT $2 OFFSET $3`,
    ['Post: author_id equals | createdAt desc | unknown'],
  ],
  [
    'a range, BETWEEN and IN',
    `SELECT * FROM "User" WHERE z > $1 AND z <= $2 AND email IN ($3, $4) AND id BETWEEN 1 AND 9`,
    ['User: z range, email in, id range'],
  ],
  ['= ANY of a parameter', `SELECT * FROM "User" WHERE z = ANY($1)`, ['User: z in']],
  [
    'startsWith as Prisma writes it',
    `SELECT * FROM "User" WHERE "public"."User"."email"::text LIKE ($1 || '%')`,
    ['User: email prefix'],
  ],
  [
    'contains as Prisma writes it',
    `SELECT * FROM "User" WHERE "email"::text LIKE ('%' || $1 || '%')`,
    ['User: email pattern'],
  ],
  [
    'a lone LIKE parameter may begin with anything',
    `SELECT * FROM "User" WHERE email LIKE $1`,
    ['User: email pattern'],
  ],
  [
    'NOT, <>, NOT IN, IS NULL',
    `SELECT * FROM "User" WHERE NOT email = $1 AND z <> $2 AND id NOT IN (1) AND meta IS NULL`,
    ['User: email not, z not, id not, meta is-null'],
  ],
  [
    'a bare boolean and its negation',
    `SELECT * FROM "Post" WHERE published AND NOT published`,
    ['Post: published equals'],
  ],
  [
    'lower() and a Json path',
    `SELECT * FROM "User" WHERE lower(email) = $1 AND meta->>'a' = $2`,
    ['User: email expression, meta json'],
  ],
  ['array operators', `SELECT * FROM "User" WHERE tags @> $1`, ['User: tags list']],
  [
    'OR: an arm each, what stands beside it in both',
    `SELECT * FROM "User" WHERE z = 1 AND (email = $1 OR id = $2)`,
    ['User: z equals, email equals', 'User: z equals, id equals'],
  ],
  [
    'a join: each side leads, or is looked up',
    `SELECT * FROM "Post" p JOIN "User" u ON u.id = p.author_id WHERE u.z = $1 AND p.published ORDER BY p."createdAt" LIMIT 5`,
    [
      'Post: published equals | createdAt asc | 5',
      'Post: published equals, author_id equals',
      'User: z equals',
      'User: z equals, id equals',
    ],
  ],
  [
    'EXISTS: the inner table by the join and its own condition',
    `SELECT * FROM "User" WHERE EXISTS (SELECT 1 FROM "Post" t WHERE t.published = $1 AND ("User"."id") = (t."author_id"))`,
    ['Post: published equals, author_id equals', 'User:'],
  ],
  [
    'a lateral join keeps order and limit',
    `SELECT * FROM "User" u LEFT JOIN LATERAL (SELECT * FROM "Post" p WHERE p.author_id = u.id ORDER BY p."createdAt" DESC LIMIT 1) x ON true`,
    ['Post: author_id equals | createdAt desc | 1', 'User:'],
  ],
  [
    'GROUP BY and DISTINCT',
    `SELECT DISTINCT author_id FROM "Post" WHERE published = true`,
    ['Post: published equals | author_id any'],
  ],
  [
    'positions in ORDER BY',
    `SELECT id, "createdAt" FROM "Post" ORDER BY 2 DESC LIMIT 3`,
    ['Post:  | createdAt desc | 3'],
  ],
  [
    'an order over an expression is no index order, and bounds nothing',
    `SELECT * FROM "Post" ORDER BY length(published::text) LIMIT 3`,
    ['Post:'],
  ],
  [
    'row values',
    `SELECT * FROM "Post" WHERE ("createdAt", id) > ($1, $2) ORDER BY "createdAt", id LIMIT 10`,
    ['Post: createdAt range | createdAt asc, id asc | 10'],
  ],
  [
    'UPDATE and DELETE',
    `UPDATE "Post" SET published = true WHERE author_id = $1; DELETE FROM "Post" WHERE "createdAt" < $1`,
    ['Post: author_id equals', 'Post: createdAt range'],
  ],
  [
    'a referential-integrity statement',
    `SELECT 1 FROM ONLY "public"."Post" x WHERE $1 OPERATOR(pg_catalog.=) "author_id" FOR KEY SHARE OF x`,
    ['Post: author_id equals'],
  ],
  [
    'WITH: the inner query, not its name',
    `WITH "User" AS (SELECT * FROM "Post" WHERE author_id = $1) SELECT * FROM "User" WHERE z = 1`,
    ['Post: author_id equals'],
  ],
  [
    'UNION: both',
    `SELECT id FROM "Post" WHERE published UNION SELECT id FROM "User" WHERE z = 1`,
    ['Post: published equals', 'User: z equals'],
  ],
  ['a table that no model maps', `SELECT * FROM pg_class WHERE oid = 1`, []],
  ['columns compared with each other', `SELECT * FROM "User" WHERE id = z`, ['User:']],
])('X27 %s', async (_, sql, expected) => {
  expect(await shapes(sql)).toEqual(expected)
})

test('X27 MySQL and SQLite statements are read by the same parser', async () => {
  expect(
    await shapes(
      'SELECT `db`.`Post`.`id` FROM `db`.`Post` WHERE (`db`.`Post`.`author_id` = ? AND `db`.`Post`.`createdAt` > ?) ORDER BY `db`.`Post`.`createdAt` DESC LIMIT ? OFFSET ? # why',
      'mysql',
    ),
  ).toEqual(['Post: author_id equals, createdAt range | createdAt desc | unknown'])
  expect(
    await shapes(
      'SELECT `main`.`User`.`id` FROM `main`.`User` WHERE `main`.`User`.`email` = ?1 LIMIT ?',
      'sqlite',
    ),
  ).toEqual(['User: email equals |  | unknown'])
})

test('X27 strings, names and comments are left alone by the respelling', () => {
  expect(toPostgresSpelling('SELECT \'`?`\', "a?" -- ? `x`\nFROM `a``b`', 'sqlite')).toBe(
    'SELECT \'`?`\', "a?" -- ? `x`\nFROM "a`b"',
  )
  expect(toPostgresSpelling(`SELECT 'it\\'s ?', "b"`, 'mysql')).toBe(`SELECT 'it''s ?', 'b'`)
  expect(toPostgresSpelling('SELECT "`?`"', 'postgresql')).toBe('SELECT "`?`"')
})

test('X27 unknown text → unread, with the parser’s reason', async () => {
  const read = await shapesOfSql('SELEKT 1', await catalog(), { kind: 'workload' })
  expect(read).toEqual({ shapes: [], unread: 'syntax error at or near "SELEKT"' })
})
