import { redactSql, type SqlDialect } from '@prisma-brisk/core'
import { isHarmless } from '../../src/explain/plan.ts'

const harmless = (sql: string, dialect: SqlDialect): boolean => isHarmless(redactSql(sql, dialect).sql)

/** What no server of the tests can be asked, or only under `sql_mode = ORACLE`. */
test.each([
  ['mysql', 'SELECT s.nextval'],
  ['mysql', 'SELECT `s`.`nextval`'],
  ['mysql', 'SELECT s.currval FROM t'],
  ['mysql', 'SELECT @a:=1'],
  ['mysql', 'SELECT NEXT-- x\nVALUE FOR s'],
  ['sqlserver', 'SELECT NEXT VALUE FOR dbo.s'],
  ['postgresql', 'SELECT "setval"'],
] as const)('KP11 %s: %s is not run again', (dialect, sql) => {
  expect(harmless(sql, dialect)).toBe(false)
})

test.each([
  ['mysql', "SELECT a, 'next value for s' FROM t WHERE b = ':='"],
  ['postgresql', 'SELECT value, next FROM t WHERE a::int = $1'],
] as const)('KP11 %s: %s may be run again', (dialect, sql) => {
  expect(harmless(sql, dialect)).toBe(true)
})
