import { redactSql } from '@prisma-brisk/core'
import { previewOf } from '../../src/sink/preview.ts'

test.each([
  [
    'SELECT "public"."User"."id", "public"."User"."email", "public"."User"."name" FROM "public"."User" WHERE "public"."User"."email" = $1 ORDER BY "public"."User"."id" ASC LIMIT $2 OFFSET $3',
    'SELECT 3 columns FROM User WHERE email = $1 ORDER BY id ASC LIMIT $2 OFFSET $3',
  ],
  [
    'SELECT `main`.`Tag`.`id`, `main`.`Tag`.`name`, COUNT(*) AS `n` FROM `main`.`Tag` WHERE `main`.`Tag`.`id` IN (?,?,? /* 97 more */) GROUP BY `main`.`Tag`.`id`',
    'SELECT 3 columns FROM Tag WHERE id IN (?,?,? /* 97 more */) GROUP BY id',
  ],
  [
    'SELECT "t0"."id", "t0"."a", "t0"."b", COALESCE("c"."x", $1) FROM "public"."User" AS "t0" LEFT JOIN LATERAL (SELECT "t1"."x" FROM "public"."Post" AS "t1" WHERE "t1"."userId" = "t0"."id") AS "c" ON true WHERE ("t0"."id" = $2 AND 1=1)',
    'SELECT 4 columns FROM User AS t0 + 1 joined WHERE (t0.id = $2 AND 1=1)',
  ],
  ['SELECT COUNT(*) FROM "public"."Tag" WHERE 1=1', 'SELECT COUNT(*) FROM Tag WHERE 1=1'],
  [
    'INSERT INTO "public"."Tag" ("name","slug","color") VALUES ($1,$2,$3) RETURNING "public"."Tag"."id", "public"."Tag"."name", "public"."Tag"."slug"',
    'INSERT INTO Tag (3 columns) VALUES ($1,$2,$3) RETURNING 3 columns',
  ],
  [
    'UPDATE "public"."Tag" SET "name" = $1, "slug" = $2, "color" = $3 WHERE ("public"."Tag"."id" = $4 AND 1=1)',
    'UPDATE Tag SET 3 columns WHERE (id = $4 AND 1=1)',
  ],
  ['DELETE FROM "public"."Tag" WHERE "public"."Tag"."id" = $1', 'DELETE FROM Tag WHERE id = $1'],
  ['SELECT "from", "where" FROM "group by"', 'SELECT from, where FROM "group by"'],
  ['CALL nightly($1)', 'CALL nightly($1)'],
])('KN8 %s', (sql, preview) => {
  expect(previewOf(sql)).toBe(preview)
})

test('KN8 the condition survives the cut of what is long', () => {
  const columns = Array.from({ length: 60 }, (_, index) => `"public"."Message"."column${index}"`)
  const { sql } = redactSql(
    `SELECT ${columns.join(', ')} FROM "public"."Message" WHERE "public"."Message"."conversationId" = $1`,
    'postgresql',
  )
  expect(previewOf(sql)).toBe('SELECT 60 columns FROM Message WHERE conversationId = $1')
  expect(previewOf(`SELECT a FROM t WHERE ${'b = $1 AND '.repeat(50)}c = $2`)).toHaveLength(201)
})
