import { mayCommitByItself, writes } from '../../src/raw/raw-write.ts'

test.each([
  'INSERT INTO a VALUES (1) RETURNING id',
  'WITH d AS (DELETE FROM a RETURNING 1) SELECT * FROM d',
  'KC14 EXPLAIN ANALYZE DELETE FROM a',
  'KC14 explain (costs off, analyze) UPDATE a SET b = 1',
  `KC14 WITH a AS (SELECT E'\\'' AS quote), d AS (DELETE FROM b RETURNING 1) SELECT 'x' FROM d`,
  `KC14 WITH a AS (SELECT '\\' AS slash), d AS (DELETE FROM b RETURNING 1) SELECT 'x' FROM d`,
  'SELECT * INTO copy FROM a',
  'KC14 # SELECT what was\nUPDATE a SET b = 1',
  '/*!50000 DELETE FROM a */',
  '/*M!100100 DELETE FROM a */',
  'TRUNCATE a',
  `SELECT 1; UPDATE a SET b = 1`,
  `SELECT 1;\nCALL purge()`,
])('C19 %s writes', (sql) => {
  expect(writes(sql.replace('KC14 ', ''))).toBe(true)
})

test.each([
  'SELECT 1',
  `SELECT 'delete from a'`,
  'EXPLAIN DELETE FROM a',
  'EXPLAIN ANALYZE SELECT 1',
  `WITH a AS (SELECT 'it''s an update') SELECT * FROM a FOR UPDATE`,
  'WITH a AS (SELECT $tag$ delete $tag$) SELECT * FROM a',
  'SHOW TABLES',
  'SELECT 1; SELECT 2;',
  `SELECT '; UPDATE a'`,
  'SELECT 1 # DELETE FROM a',
  'SELECT flags # 3 FROM a',
])('C19 %s does not', (sql) => {
  expect(writes(sql)).toBe(false)
})

test('a procedure may commit a part of its work, and then fail', () => {
  expect([
    mayCommitByItself('CALL p()'),
    mayCommitByItself('DO $$ … $$'),
    mayCommitByItself('UPDATE a'),
  ]).toEqual([true, true, false])
})
