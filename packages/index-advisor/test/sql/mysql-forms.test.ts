import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readWorkload } from '../../src/workload/read-workload.ts'
import { readStatement } from '../../src/workload/statement.ts'
import { shapesOfSql } from '../../src/sql/sql-shapes.ts'
import type { SchemaReading } from '../../src/schema/schema-collector.ts'
import { readSchema } from '../../src/schema/schema-collector.ts'

/** MySQL's workload in its common forms, from a log and as a digest. */

const MODELS = `datasource db {\n  provider = "mysql"\n}
model A {\n  id Int @id\n  b Int\n  c DateTime\n  t String\n  j Json\n}
model B {\n  id Int @id\n  a Int\n  t String\n}\n`

async function shapes(sql: string): Promise<string[]> {
  const { catalog } = (await readSchema([{ file: 's.prisma', text: MODELS }])) as SchemaReading
  const read = await shapesOfSql(sql, catalog, { kind: 'workload' })
  expect([sql, read.unread]).toEqual([sql, null])
  return read.shapes.map((shape) => {
    const asked = shape.conditions.map((each) => `${each.column} ${each.operator}`).join(', ')
    const order = shape.order.map((each) => each.column).join()
    return `${shape.table}: ${asked}${order === '' ? '' : ` by ${order}`}${shape.limit === null ? '' : ` | ${shape.limit}`}`
  })
}

test.each<[string, string[]]>([
  ['SELECT * FROM A WHERE b = 1 ORDER BY c LIMIT 5, 10', ['A: b equals by c | 10']],
  ['SELECT * FROM A WHERE b = ? ORDER BY c LIMIT ?, ?', ['A: b equals by c | unknown']],
  ['SELECT * FROM A WHERE c > NOW() - INTERVAL 3 DAY', ['A: c range']],
  ["SELECT * FROM A WHERE c > DATE_SUB(NOW(), INTERVAL '1:30' HOUR_MINUTE)", ['A: c range']],
  ['SELECT * FROM A WHERE c BETWEEN ? AND DATE_ADD(?, INTERVAL ? MONTH)', ['A: c range']],
  ["SELECT * FROM A WHERE MATCH (t) AGAINST ('x')", ['A: t search']],
  ['SELECT * FROM A WHERE MATCH (`t`, `b`) AGAINST (? IN BOOLEAN MODE) AND b = 1', ['A: t search, b equals']],
  ['SELECT SQL_CALC_FOUND_ROWS * FROM A FORCE INDEX (x) WHERE b = 1', ['A: b equals']],
  [
    'SELECT DISTINCT SQL_NO_CACHE b FROM A USE INDEX FOR ORDER BY (x, y) IGNORE KEY (z) WHERE b = 1',
    ['A: b equals by b'],
  ],
  ['SELECT * FROM A PARTITION (p0, p1) WHERE b <=> 1', ['A: b equals']],
  ['SELECT * FROM A WHERE b = 1 && t = 2 LOCK IN SHARE MODE', ['A: b equals, t equals']],
  ['SELECT * FROM A WHERE b = 1 || t = 2', ['A: b equals', 'A: t equals']],
  ["SELECT * FROM A WHERE t REGEXP '^x' AND b = 1", ['A: t pattern, b equals']],
  ["SELECT * FROM A WHERE t NOT RLIKE 'x' AND !b", ['A: b equals']],
  ["SELECT * FROM A WHERE t = _utf8mb4'x' COLLATE utf8mb4_bin AND b = 0x1F", ['A: t equals, b equals']],
  ['SELECT * FROM A WHERE BINARY t = ? AND b = CAST(? AS UNSIGNED)', ['A: t equals, b equals']],
  [
    "SELECT GROUP_CONCAT(DISTINCT t ORDER BY t SEPARATOR ', '), b DIV 2 FROM A WHERE b = 1 GROUP BY t WITH ROLLUP",
    ['A: b equals by t'],
  ],
  ['SELECT * FROM A WHERE b = 1 AND t LIKE CONVERT(? USING utf8mb4)', ['A: b equals, t pattern']],
  ['SELECT @n := @n + 1, t FROM A WHERE b = 1', ['A: b equals']],
  ['SELECT * FROM `db`.`A` WHERE `j`->>\'$.a\' = 1 AND "x, INTERVAL 1 DAY" = t', ['A: j json, t equals']],
  [
    'SELECT * FROM A STRAIGHT_JOIN B ON B.a = A.id WHERE A.b = 1 FOR UPDATE',
    ['A: b equals', 'A: b equals, id equals', 'B: ', 'B: a equals'],
  ],
  ['INSERT IGNORE INTO A (b) VALUES (1)', []],
  ['INSERT INTO A (b) VALUES (1), (2) ON DUPLICATE KEY UPDATE b = VALUES(b), t = CONCAT(t, ?)', []],
  ['INSERT INTO A SET b = 1, t = 2', []],
  ['REPLACE INTO A (b) VALUE (1)', []],
  ['INSERT HIGH_PRIORITY A (b) SELECT a FROM B WHERE t = ?', ['B: t equals']],
  ['UPDATE LOW_PRIORITY A SET t = 1 WHERE b = 1 ORDER BY c LIMIT 10', ['A: b equals']],
  ['DELETE QUICK FROM A WHERE b = 1 LIMIT 100', ['A: b equals']],
  [
    'DELETE x FROM A AS x JOIN B y ON y.a = x.id WHERE y.t = ?',
    expect.arrayContaining(['B: t equals', 'A: id equals']),
  ],
  [
    'UPDATE A x INNER JOIN B y ON y.a = x.id SET x.t = y.t WHERE y.t = ?',
    expect.arrayContaining(['B: t equals', 'A: id equals']),
  ],
])('KA-B19 %s', async (sql, expected) => {
  expect(await shapes(sql)).toEqual(expected)
})

test.each<[string, string]>([
  ['SELECT * FROM `A` WHERE `b` = ? ORDER BY `c` LIMIT ?, ...', 'select'],
  ['SELECT * FROM `A` WHERE `b` IN (...) LIMIT ?', 'select'],
  ['INSERT IGNORE INTO `A` ( `b` ) VALUES (?) /* , ... */', 'insert'],
  ['REPLACE INTO `A` VALUES (...)', 'insert'],
  ['DELETE `x` FROM `A` AS `x` JOIN `B` ON `B` . `a` = `x` . `id` WHERE `B` . `t` = ?', 'delete'],
  ['UPDATE `A` , `B` SET `A` . `t` = `B` . `t` WHERE `A` . `id` = `B` . `a`', 'update'],
])('KA-B19 the digest %s is a %s', async (sql, kind) => {
  expect(await readStatement(sql, 'mysql')).toMatchObject({ kind })
})

test.each([
  'CALL p(1)',
  'START TRANSACTION',
  'FLUSH TABLES',
  "LOAD DATA INFILE 'x' INTO TABLE A",
  'HANDLER A OPEN',
])('KA-B19 %s is no query', async (sql) => {
  expect(await readStatement(sql, 'mysql')).toEqual({ skip: 'utility' })
})

test('KA-B19 what cannot be read is counted by where it was not understood, without values', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-forms-'))
  try {
    const path = join(directory, 'w.sql')
    writeFileSync(
      path,
      "SELECT FROM WHERE secret;\nSELECT a b c FROM A;\nSELECT a b c FROM A;\nSELECT 'secret' 42 FROM A;\nBEGIN;\n",
    )
    await expect(readWorkload(path, 'mysql')).rejects.toThrow(
      /all of it was skipped: 4 unreadable \(at C: 2, at WHERE: 1, not understood: 1\), 1 utility\.$/,
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
})
