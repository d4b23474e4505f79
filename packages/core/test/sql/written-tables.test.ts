import { writtenTables } from '../../src/sql/written-tables.ts'
import type { SqlDialect } from '../../src/sql/sql-lexer.ts'

test.each<[string, readonly string[] | null, SqlDialect?]>([
  ['INSERT INTO "public"."User" ("name") VALUES ($1) RETURNING "id"', ['User']],
  ['UPDATE "public"."User" SET "name" = $1 WHERE ("id" = $2)', ['User']],
  ['UPDATE ONLY users u SET a = 1', ['users', 'u']],
  ['DELETE FROM "public"."User" WHERE 1=1', ['User']],
  ['DELETE FROM ONLY a.b USING c', ['b']],
  ['TRUNCATE TABLE a, "B" CASCADE', ['a', 'B', 'CASCADE']],
  [
    'MERGE INTO t USING s ON true WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT VALUES (1)',
    ['t'],
  ],
  ['WITH d AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM d', ['a', 'b']],
  ['INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET b = 2', ['a']],
  ['INSERT INTO `a` (`x`) VALUES (?) ON DUPLICATE KEY UPDATE `x` = 2', ['a'], 'mysql'],
  ['UPDATE `a` JOIN `b` ON a.id = b.id SET a.x = 1', ['a', 'JOIN', 'b', 'ON', 'id'], 'mysql'],
  ['DELETE a FROM a JOIN b', null, 'mysql'],
  ['REPLACE INTO t VALUES (1)', ['t'], 'mysql'],
  ['INSERT OR REPLACE INTO `main`.`t` VALUES (1)', ['t'], 'sqlite'],
  ['COPY t FROM STDIN', ['t']],
  ['INSERT INTO a (x) SELECT 1; DELETE FROM b', ['a', 'b']],
  ['INSERT INTO a (x) VALUES (1) RETURNING replace(x, 1, 2)', ['a']],
  ['UPDATE "a""b" SET x = 1', ['a"b']],
  ['UPDATE a.b SET x = 1', ['b']],
  ['DELETE FROM a', ['a']],
  ['UPDATE `a` SET `x` = ?', ['a'], 'mysql'],
  ['SELECT \'DELETE FROM a\' AS "UPDATE" /* INSERT INTO b */ FROM c -- DELETE FROM d', []],
  ['SELECT * FROM a FOR NO KEY UPDATE', []],
  ['SELECT replace(a, b, c) FROM d', []],
  ['EXPLAIN ANALYZE DELETE FROM a', ['a']],
  ["SELECT set_config('app.tenant', $1, true)", []],
  ['COMMIT', []],
  ['CALL nightly()', null],
  ['DO $$ BEGIN DELETE FROM a; END $$', null],
  ['ALTER TABLE a DROP COLUMN b', null],
  ['', []],
])('%s', (sql, tables, dialect = 'postgresql') => {
  const found = writtenTables(sql, dialect)
  expect(found === null ? null : [...found]).toEqual(tables)
})
