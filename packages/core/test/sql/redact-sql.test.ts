import { fingerprint, normalize } from 'libpg-query'
import { redactSql, sqlFingerprint, type SqlDialect } from '@prisma-brisk/core'
import { forSeeds, type Random } from '../../../../test/support/random.ts'

const redacted = (sql: string, dialect: SqlDialect = 'postgresql'): string => redactSql(sql, dialect).sql
const shape = (sql: string, dialect: SqlDialect = 'postgresql'): string => redactSql(sql, dialect).fingerprint

describe('S6 literals are redacted', () => {
  test.each([
    [`SELECT 'it''s' , E'a\\'b', e'\\\\', N'x'`, 'SELECT $1 , $2, $3, $4'],
    [`SELECT $$secret$$, $tag$it's $$ secret$tag$, 1`, 'SELECT $1, $2, $3'],
    [`SELECT 1, 1.5, .5, 1e-9, 0xFF, 1_000, 12e+3`, 'SELECT $1, $2, $3, $4, $5, $6, $7'],
    [`SELECT x'ff', B'01', U&'d\\0061t'`, 'SELECT $1, $2, $3'],
    [`SELECT 'one'\n  'two'`, 'SELECT $1'],
    [`SELECT a -- it's secret\n FROM t`, 'SELECT a \n FROM t'],
    [`SELECT /* 'a' /* nested */ 'b' */ a FROM t /*traceparent='00-1'*/`, 'SELECT  a FROM t'],
    [
      `SELECT a1, "it's", "2" FROM t2 WHERE x::int4 = $3 AND y = 7`,
      'SELECT a1, "it\'s", "2" FROM t2 WHERE x::int4 = $3 AND y = $4',
    ],
    [
      `SELECT CAST(a AS varchar(20)), b::numeric(10,2), left(c, 20)`,
      'SELECT CAST(a AS varchar(20)), b::numeric(10,2), left(c, $1)',
    ],
    [`SELECT j->'name' FROM t WHERE j ? 'k'`, 'SELECT j->$1 FROM t WHERE j ? $2'],
    [`SELECT 'unterminated FROM users`, 'SELECT $1'],
    [`SELECT $a$ unterminated $b$`, 'SELECT $1'],
    [`SELECT "unterminated, 'secret'`, 'SELECT $1'],
    [`SELECT 1 /* unterminated 'secret'`, 'SELECT $1'],
    [`SELECT 1$a$secret words$a$`, 'SELECT $1$2'],
  ])('PostgreSQL: %s', (sql, expected) => {
    expect(redacted(sql)).toBe(expected)
  })

  test.each<[SqlDialect, string, string]>([
    ['mysql', `SELECT "it""s", 'a\\nb\\\\', 'x''y' # 'c'`, 'SELECT ?, ?, ?'],
    // Under NO_BACKSLASH_ESCAPES the string ends before the s.
    ['mysql', `SELECT a, 'it\\'s', b`, 'SELECT a, ?'],
    ['mysql', 'SELECT `a``b` FROM t WHERE n = 5--3 -- x', 'SELECT `a``b` FROM t WHERE n = ?--?'],
    [
      'mysql',
      `SELECT /*! 'x' */ x'ff', 0xff, b'01', _utf8mb4'é' WHERE a = ?`,
      'SELECT  ?, ?, ?, _utf8mb4? WHERE a = ?',
    ],
    [
      'sqlite',
      `SELECT \`a\`, [b c], ?1, :name, @at, $d, x'00' FROM t`,
      'SELECT `a`, [b c], ?1, :name, @at, $d, ? FROM t',
    ],
    ['sqlite', `SELECT "secret" FROM t`, 'SELECT ? FROM t'],
    ['sqlserver', `SELECT [a'b], N'x', @P1 /* /* 'y' */ */`, "SELECT [a'b], ?, @P1"],
  ])('%s: %s', (dialect, sql, expected) => {
    expect(redacted(sql, dialect)).toBe(expected)
  })

  const dialects: readonly SqlDialect[] = ['postgresql', 'mysql', 'sqlite', 'sqlserver']
  describe.each(dialects)('ordinals are no values: %s', (dialect) => {
    test.each([
      'SELECT a, count(*) FROM t GROUP BY 1 ORDER BY 2 DESC, 1',
      'SELECT a, b FROM t GROUP BY 1, b, 2 HAVING a > b ORDER BY lower(a), 1 NULLS LAST',
      'SELECT a FROM (SELECT a FROM t ORDER BY 12) u ORDER BY t.a ASC, 1',
      'SELECT a FROM t ORDER BY 1; SELECT b FROM t ORDER BY 1',
      'SELECT a FROM t UNION SELECT b FROM u ORDER BY 1',
    ])('S6 %s is left as it is', (sql) => {
      expect(redacted(sql, dialect)).toBe(sql)
      expect(shape(sql, dialect)).not.toBe(shape(sql.replace(/1/g, '3'), dialect))
    })

    test.each([
      'ORDER BY # + a',
      'ORDER BY a + #',
      'ORDER BY a, # * 2',
      'ORDER BY a = #, b',
      'ORDER BY a LIMIT #, 7',
      'ORDER BY 1 LIMIT 7, #',
      'ORDER BY 1 OFFSET #',
      'ORDER BY -#',
      'ORDER BY #.5',
      'ORDER BY 12345#',
      'ORDER BY a IN (#, 2)',
      'ORDER BY # IN (1)',
      'ORDER BY f(a, #)',
      'ORDER BY sum(a) OVER (ORDER BY #)',
      'ORDER BY sum(a) OVER (PARTITION BY #)',
      'ORDER BY 1 /* c */ + #',
      'ORDER BY # /* c */ + a',
      'GROUP BY 1 HAVING a IN (#) OR # = a',
      'GROUP BY 1 RETURNING a, #',
      'GROUP BY a UNION SELECT #, 6',
      'GROUP BY CASE WHEN a THEN # ELSE 4 END',
      "GROUP BY a, # 'x'",
      'WHERE a = b ORDER BY 1; DELETE FROM t ORDER BY #',
      'GROUP BY 1; SELECT #, 5',
    ])('S6 no value survives: … %s', (rest) => {
      expect(redacted(`SELECT a FROM t ${rest.replaceAll('#', '83')}`, dialect)).not.toContain('83')
    })
  })

  test('SQLite keeps double-quoted names that are in the schema', () => {
    const knows = (name: string): boolean => name === 'email'
    expect(redactSql('SELECT "email" FROM t WHERE "email" = "ada"', 'sqlite', { knows }).sql).toBe(
      'SELECT "email" FROM t WHERE "email" = ?',
    )
  })

  test('long lists say how much they leave out', () => {
    expect(redacted('SELECT * FROM t WHERE id IN (1,2,3,4,5) AND a = 6')).toBe(
      'SELECT * FROM t WHERE id IN ($1,$2,$3 /* 2 more */) AND a = $4',
    )
    expect(redacted('INSERT INTO t VALUES (1,2),(3,4),(5,6),(7,8) RETURNING id')).toBe(
      'INSERT INTO t VALUES ($1,$2),($3,$4) /* 2 more rows */ RETURNING id',
    )
    expect(redacted('SELECT * FROM t WHERE id IN (1,2,3) OR id IN (SELECT 1)')).toBe(
      'SELECT * FROM t WHERE id IN ($1,$2,$3) OR id IN (SELECT $4)',
    )
  })

  test('what is longer than a log wants is cut, and says so', () => {
    const { sql, fingerprint } = redactSql(`SELECT ${'a, '.repeat(10_000)}b`, 'postgresql')
    expect(sql.length).toBeLessThanOrEqual(16_386)
    expect(sql.endsWith(' …')).toBe(true)
    expect(fingerprint).not.toBe(shape(`SELECT ${'a, '.repeat(10_000)}c`))
  })
})

describe('S7 lists of any length have one fingerprint', () => {
  const same = (...statements: string[]): void => {
    expect(new Set(statements.map((sql) => shape(sql))).size).toBe(1)
  }

  test('IN lists', () => {
    same(
      'SELECT * FROM t WHERE id IN ($1)',
      'SELECT * FROM t WHERE id IN ($1,$2)',
      'SELECT * FROM t WHERE id IN ($1); -- the end',
      'select *  from t where id in (1, 2, 3)',
      `SELECT * FROM t WHERE id IN (${Array.from({ length: 32_000 }, (_, index) => `$${index + 1}`).join(',')})`,
      'SELECT * FROM t WHERE id IN (CAST($1::text AS "Role"),CAST($2::text AS "Role")) -- x',
    )
  })

  test('rows of VALUES, defaults or not', () => {
    same(
      'INSERT INTO t (a,b) VALUES ($1,$2) RETURNING id',
      'INSERT INTO t (a,b) VALUES ($1,DEFAULT),($2,$3) RETURNING id',
      `INSERT INTO t (a,b) VALUES ${Array.from({ length: 5000 }, () => '($1,now())').join(',')} RETURNING id`,
    )
  })

  test.each([
    ['mysql', '# one a line\n'],
    ['mysql', '-- one a line\n'],
    ['postgresql', '/* one a line */'],
  ] as const)('comments between rows of VALUES, in %s: %j', (dialect, comment) => {
    const rows = (count: number) =>
      redactSql(`INSERT INTO t VALUES ${Array(count).fill('(1)').join(`, ${comment}`)}`, dialect)
    expect(rows(2).fingerprint).toBe(rows(5).fingerprint)
    expect(rows(5).sql).toMatch(/3 more rows/)
  })

  test('compound keys joined by OR', () => {
    const where = (count: number): string =>
      Array.from({ length: count }, (_, index) => `(a = $${2 * index + 1} AND b = $${2 * index + 2})`).join(
        ' OR ',
      )
    same(
      `SELECT * FROM t WHERE (${where(1)} OR (1=0)) LIMIT $1`,
      `SELECT * FROM t WHERE (${where(50)} OR (1=0)) LIMIT 3`,
    )
  })

  test('who knows the schema of SQLite and who does not find the same fingerprint', () => {
    const sql = 'SELECT "email" FROM "User" WHERE "id" = ?'
    const { fingerprint } = redactSql(sql, 'sqlite', { knows: () => true })
    expect(sqlFingerprint(sql, 'sqlite')).toBe(fingerprint)
    expect(sqlFingerprint(sql.replace('User', 'Post'), 'sqlite')).not.toBe(fingerprint)
  })

  test('a statement keeps its fingerprint when it is read from a log', async () => {
    await forSeeds(200, (random) => {
      const { sql, fingerprint } = redactSql(statement(random), 'postgresql')
      expect(sqlFingerprint(sql, 'postgresql')).toBe(fingerprint)
    })
  })

  test('different statements have different fingerprints', () => {
    const statements = [
      'SELECT a FROM t WHERE b = $1',
      'SELECT a FROM t WHERE c = $1',
      'SELECT a FROM t WHERE b > $1',
      'SELECT a FROM t WHERE b = $1 LIMIT $2',
      'SELECT a FROM t WHERE b = $1 OR c = $1',
      'SELECT a FROM t WHERE b = $1 AND c = $1',
      'SELECT a FROM t WHERE (b = $1) AND c = $1',
      'SELECT a FROM t WHERE b IN (SELECT c FROM u)',
      'SELECT a FROM t WHERE b IN (SELECT d FROM u)',
      'SELECT a FROM "T" WHERE b = $1',
      'INSERT INTO t (a) VALUES ($1)',
      'INSERT INTO t (b) VALUES ($1)',
      'SELECT f(a) FROM t',
      'SELECT f(b) FROM t',
      'SELECT f(b) FROM t; SELECT 1',
      'SELECT f(b) FROM t SELECT 1',
    ]
    expect(new Set(statements.map((sql) => shape(sql))).size).toBe(statements.length)
  })
})

/** Values that must never be seen again, in the forms SQL has for them. */
const secret = 'SeCrEt'
const literals = (random: Random): string =>
  random.pick([
    `'${secret}'`,
    `'${secret}''${secret}'`,
    `E'\\'${secret}'`,
    `$$${secret}$$`,
    `$t$'${secret}$$ $t$`,
    `'a'\n'${secret}'`,
    `U&'${secret}'`,
    `'${secret}' /* '${secret}' /* ${secret} */ */`,
    `'x' -- ${secret}\n`,
    '987654',
    '98765.4321',
    '9876e5',
  ])

/** A random statement PostgreSQL can parse. */
function statement(random: Random, depth = 0): string {
  const column = (): string => random.pick(['a', 'b', '"Title"', 't.c'])
  const value = (): string => (random.chance(0.2) ? `$${random.int(1, 9)}` : literals(random))
  const condition = (): string =>
    random.pick([
      () => `${column()} = ${value()}`,
      () => `${column()} IN (${random.list(1, 6, value).join(', ')})`,
      () => `${column()} LIKE ${value()}::text`,
      () => `${column()} BETWEEN ${value()} AND ${value()}`,
      () => `(${condition()} OR ${condition()})`,
      () => `NOT ${condition()}`,
      () => (depth < 2 ? `EXISTS (${statement(random, depth + 1)})` : `${column()} IS NOT NULL`),
      () => `coalesce(${column()}, ${value()}) <> ${value()}`,
      () => `${column()}::varchar(20) = ${value()}`,
    ])()
  const where = random.list(1, 3, condition).join(random.pick([' AND ', ' OR ']))
  if (depth === 0 && random.chance(0.2))
    return `INSERT INTO t (a, b) VALUES ${random.list(1, 4, () => `(${value()}, ${value()})`).join(', ')}`
  if (depth === 0 && random.chance(0.2)) return `UPDATE t SET a = ${value()} WHERE ${where}`
  return `SELECT ${column()}, ${value()} FROM t WHERE ${where} ORDER BY 1 LIMIT 10`
}

test("S6 agrees with PostgreSQL's own parser: nothing of a value is left, nothing else is lost", async () => {
  await forSeeds(400, async (random) => {
    const sql = statement(random)
    const { sql: clean } = redactSql(sql, 'postgresql')
    expect(clean).not.toMatch(/secret|98765|9876e5/i)
    // The same statement, as PostgreSQL's fingerprint (which ignores values and list lengths) sees it.
    expect(await fingerprint(clean)).toBe(await fingerprint(sql))
    // pg_stat_statements' normalisation finds no constant left to take out.
    expect((await normalize(clean)).replace(/\$\d+/g, '?')).toBe(clean.replace(/\$\d+/g, '?'))
  })
})

test('S7 the fingerprint distinguishes what PostgreSQL distinguishes, and unites what it unites', async () => {
  const ours = new Map<string, string>()
  await forSeeds(400, async (random) => {
    const sql = statement(random)
    const theirs = await fingerprint(sql)
    const own = shape(sql)
    const before = ours.get(own)
    // One of our fingerprints never stands for two statements that PostgreSQL tells apart.
    if (before !== undefined) expect(await fingerprint(before)).toBe(theirs)
    ours.set(own, sql)
  })
})

describe('S6 hostile text', () => {
  test('no fragment of a value survives any cut through a statement', async () => {
    await forSeeds(150, (random) => {
      const sql = statement(random)
      // Errors are logged too: a statement that is cut anywhere, or begins anywhere outside a literal.
      const cut = sql.slice(0, random.int(0, sql.length))
      for (const dialect of ['postgresql', 'mysql', 'sqlite', 'sqlserver'] as const) {
        if (dialect !== 'postgresql' && /\$t?\$|E'|U&/.test(cut)) continue
        expect(redacted(cut, dialect)).not.toMatch(/secret/i)
      }
    })
  })

  test.each([
    ["'"],
    ['('],
    ['()'],
    ['in ('],
    ['values (1),'],
    ['$a$'],
    ['$a$ $b$ '],
    ['/*'],
    ['/**/'],
    ['--'],
    ["'a'\n"],
    ['"'],
    ['1 '],
    ['or (a=1) '],
    ["e'\\"],
    ['$'],
    ['.'],
    ['\u0000'],
    ['é'],
  ])('a quarter of a megabyte of %j takes linear time', (piece) => {
    // Quadratic work would take hours.
    expect(time(piece.repeat(Math.ceil(250_000 / piece.length)))).toBeLessThan(10_000)
  })

  function time(sql: string): number {
    const startedAt = performance.now()
    redactSql(sql, 'postgresql')
    return performance.now() - startedAt
  }
})

test('S6 behind parentheses deeper than a hundred numbers are values, and ordinals again further out', () => {
  const [open, close] = ['('.repeat(150), ')'.repeat(150)]
  const deep = `${open}(SELECT a ORDER BY 1), 7, 8${close}`
  expect(redacted(`SELECT a, ${deep} FROM t ORDER BY 2`, 'mysql')).toBe(
    `SELECT a, ${open}(SELECT a ORDER BY 1), ?, ?${close} FROM t ORDER BY 2`,
  )
})
