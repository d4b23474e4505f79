import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../../packages/index-advisor/src/cli/run.ts'
import type { Advice } from '../../../packages/index-advisor/src/advice/advice.ts'
import { mariadbPlanner } from '../../../packages/index-advisor/src/planner/mariadb/mariadb-planner.ts'
import type { HypotheticalIndex, Planner } from '../../../packages/index-advisor/src/planner/planner.ts'
import {
  type DatabaseConnection,
  connectDatabase,
} from '../../../packages/index-advisor/src/statistics/connect.ts'
import { exportMariadbStatistics } from '../../../packages/index-advisor/src/statistics/export-mariadb.ts'
import type { Statistics } from '../../../packages/index-advisor/src/statistics/statistics.ts'
import { TestProject } from '../../../packages/index-advisor/test/support/project.ts'
import { costOf, countedReads, type CountedReads, withIndex } from '../../support/counted-reads.ts'
import { hypotheticalIndex } from '../../support/hypothetical-index.ts'
import { mariadbUrl } from '../../support/servers.ts'

/** MariaDB plans on an empty copy; beside it stands the same server with the rows and the index really built. */

const name = `brisk_planner_${randomBytes(4).toString('hex')}`
let real: DatabaseConnection
let shadow: DatabaseConnection
let statistics: Statistics
let planner: Planner

beforeAll(async () => {
  real = await connectDatabase(mariadbUrl())
  shadow = await connectDatabase(mariadbUrl())
  for (const sql of [
    `create database ${name}`,
    `use ${name}`,
    `create table Post (id int primary key auto_increment, authorId int not null, state varchar(10) not null, score int not null, createdAt datetime not null)`,
    `create table Comment (id int primary key auto_increment, postId int not null, body varchar(100) not null)`,
    `insert into Post (authorId, state, score, createdAt)
       select 1 + (seq * 7919) % 2000, elt(1 + seq % 5, 'a', 'b', 'c', 'd', 'e'), seq % 1000, '2024-01-01' + interval seq * 60 second
       from seq_1_to_30000`,
    `insert into Comment (postId, body) select 1 + (seq * 31) % 30000, repeat('x', 50) from seq_1_to_60000`,
    'analyze table Post, Comment persistent for all',
  ])
    await real.query(sql)
  statistics = await exportMariadbStatistics(real)
  planner = await mariadbPlanner(shadow, statistics)
}, 60_000)

afterAll(async () => {
  await planner?.close()
  await real?.query(`drop database if exists ${name}`)
  for (const table of ['table_stats', 'index_stats', 'column_stats'])
    await real?.query(`delete from mysql.${table} where db_name = ?`, [name])
  await real?.close()
  await shadow?.close()
})

const index = (table: string, keys: string): HypotheticalIndex =>
  hypotheticalIndex(table, keys, { schema: null })

async function onRows(
  sql: string,
  made: HypotheticalIndex,
): Promise<CountedReads & { readonly isUsed: boolean }> {
  return withIndex(real, made, async (built) => {
    const counted = await countedReads(real, sql)
    return { ...counted, isUsed: counted.keys.has(built) }
  })
}

const foresee = (sql: string, indexes: readonly HypotheticalIndex[]) =>
  planner.plan({ fingerprint: sql, sql, parameters: 0 }, indexes, { kind: 'common', values: [] })

test.each([
  ['an equality', 'select * from Post where authorId = 7', index('Post', 'authorId')],
  ['a list', 'select * from Post where authorId in (7, 8, 9)', index('Post', 'authorId')],
  ['a value of many rows', `select * from Post where state = 'b'`, index('Post', 'state, score')],
  [
    'a sort that an index holds',
    'select * from Post where authorId = 7 order by createdAt limit 5',
    index('Post', 'authorId, createdAt'),
  ],
  ['a group', 'select state, max(score) from Post group by state', index('Post', 'state, score')],
  [
    'a join',
    'select c.id from Post p join Comment c on c.postId = p.id where p.id = 1',
    index('Comment', 'postId'),
  ],
  ['a short range', 'select * from Post where score >= 995', index('Post', 'score')],
  ['a range of nearly all rows', 'select * from Post where score >= 5', index('Post', 'score')],
  ['a unique lookup', 'select * from Post where id = 1 and score = 1', index('Post', 'score')],
  ['an index of another column', 'select * from Post where authorId = 7', index('Post', 'score')],
  ['a page in the order of an index', 'select * from Post order by score limit 20', index('Post', 'score')],
  ['a page backwards', 'select * from Post order by createdAt desc limit 20', index('Post', 'createdAt')],
  [
    'a page behind an equality, in order',
    `select * from Post where state = 'b' order by createdAt desc limit 20`,
    index('Post', 'state, createdAt'),
  ],
  [
    'a page behind an equality, sorted',
    'select * from Post where authorId = 7 order by score limit 5',
    index('Post', 'authorId'),
  ],
  [
    'a page in order of which a condition leaves a fifth',
    `select * from Post where state = 'b' order by createdAt limit 20`,
    index('Post', 'createdAt'),
  ],
  [
    'a page in an order that no index has',
    'select * from Post order by score limit 20',
    index('Post', 'authorId'),
  ],
  [
    'a page far behind, in order',
    'select * from Post order by createdAt limit 10 offset 500',
    index('Post', 'createdAt'),
  ],
  [
    'a page so far behind that it is sorted',
    'select * from Post order by createdAt limit 10 offset 25000',
    index('Post', 'createdAt'),
  ],
  [
    'a page of a range, in its order',
    'select * from Post where score >= 100 order by score limit 10',
    index('Post', 'score'),
  ],
  [
    'a page of a range that begins with an equality',
    `select * from Post where state = 'b' and createdAt >= '2024-01-08' order by createdAt limit 10`,
    index('Post', 'state, createdAt'),
  ],
  ['groups from one to the next', 'select distinct state from Post', index('Post', 'state')],
  [
    'the greatest of each group',
    'select state, max(score) from Post group by state',
    index('Post', 'state, score'),
  ],
  [
    'groups in a temporary table',
    'select score, count(*) from Post group by score',
    index('Post', 'authorId'),
  ],
  [
    'a count of a page',
    `select count(*) from (select id from Post where state = 'b' limit 100) counted`,
    index('Post', 'state'),
  ],
  [
    'a join with a page',
    'select c.id as c, p.id as p from Post p join Comment c on c.postId = p.id order by p.createdAt limit 10',
    index('Comment', 'postId'),
  ],
  [
    'rows with some of another table',
    'select * from Comment where postId in (select id from Post where authorId = 7)',
    index('Post', 'authorId'),
  ],
  [
    'rows with none of another table',
    'select * from Comment where postId not in (select id from Post where authorId = 7)',
    index('Post', 'authorId'),
  ],
] as const)(
  'X53 MariaDB, %s: the empty copy costs it as the server with the rows does',
  async (_, sql, made) => {
    const foreseen = await foresee(sql, [made])
    const counted = await onRows(sql, made)
    expect(foreseen.uses.includes(made.id)).toBe(counted.isUsed)
    // InnoDB takes up to eight rows at once.
    expect(Math.abs(foreseen.cost - costOf(counted))).toBeLessThan(Math.max(8, 0.15 * costOf(counted)))
  },
)

test('X53 MariaDB: a page in the order of an index is a hundred times cheaper with it, and dear without a fitting one', async () => {
  const sql = 'select * from Post order by score limit 20'
  const [without, other, fitting] = await Promise.all([
    foresee(sql, []),
    foresee(sql, [index('Post', 'authorId')]),
    foresee(sql, [index('Post', 'score')]),
  ])
  expect(other.cost).toBe(without.cost)
  expect(fitting.cost).toBeLessThan(without.cost / 100)
  expect(fitting.uses).toEqual(['Post(score)'])
})

test('X53 MariaDB: what it is not sure of is said', async () => {
  const of = async (sql: string, keys: string) => (await foresee(sql, [index('Post', keys)])).estimated
  expect(
    await of('select * from Post where authorId = 7 order by createdAt limit 5', 'authorId, createdAt'),
  ).toBe(undefined)
  expect(await of('select * from Post order by score limit 5', 'score')).toBe(undefined)
  expect(await of('select * from Post where score >= 995', 'score')).toBe('how many rows a range finds')
  expect(await of(`select * from Post where state = 'b' order by score limit 5`, 'score')).toBe(
    'how soon a LIMIT is reached',
  )
})

test('X53 MariaDB: the ends of an index answer MIN and MAX, and it is named', async () => {
  const sql = 'select max(score) from Post'
  const foreseen = await foresee(sql, [
    index('Post', 'authorId'),
    index('Post', 'score'),
    index('Post', 'score, state'),
  ])
  expect(foreseen.uses).toEqual(['Post(score)'])
  expect(foreseen.cost).toBeLessThan((await foresee(sql, [])).cost / 100)
})

test('X53 MariaDB: a statement that names a row by its key is planned, whether the copy has the row or not', async () => {
  const sql = 'select c.id from Post p left join Comment c on c.postId = p.id where p.id = 777'
  const before = await foresee(sql, [])
  const after = await foresee(sql, [index('Comment', 'postId')])
  expect(after.cost).toBeLessThan(before.cost / 100)
  expect(after.uses).toContain('Comment(postId)')
})

test('X53 MariaDB: without the index it is as dear as it was, whatever was shown before', async () => {
  const sql = 'select * from Post where authorId = 7'
  const before = await foresee(sql, [])
  const made = index('Post', 'authorId')
  expect((await foresee(sql, [made])).cost).toBeLessThan(before.cost / 10)
  expect(await foresee(sql, [])).toEqual(before)
  expect(before.uses).toEqual([])
})

test('X53 MariaDB: an UPDATE and a DELETE find their rows as a SELECT does, an INSERT none', async () => {
  const made = index('Post', 'authorId')
  const { cost } = await foresee('select * from Post where authorId = 7', [made])
  expect((await foresee('delete from Post where authorId = 7', [made])).cost).toBe(cost)
  expect((await foresee('update Post set score = 1 where authorId = 7', [made])).cost).toBe(cost)
  expect(await foresee('insert into Post (authorId) values (7)', [made])).toMatchObject({ cost: 0, uses: [] })
})

test('X53 MariaDB: what it cannot judge is declined, and what is no query refused', async () => {
  expect(await planner.decline(index('Nothing', 'a'))).toContain('no table Nothing')
  expect(await planner.decline(index('Post', 'a'))).toContain('no column a')
  expect(await planner.decline({ ...index('Post', 'score'), predicate: 'score > 1' })).toContain(
    'no such index',
  )
  await expect(foresee('select * from Nothing', [])).rejects.toMatchObject({ code: 'E_UNPLANNABLE_QUERY' })
  await expect(foresee('drop table Post', [])).rejects.toMatchObject({ code: 'E_UNPLANNABLE_QUERY' })
})

test('X53 MariaDB: what a run has left that was killed is taken away, and what one that lives has made is not', async () => {
  const [left, alive] = ['brisk_plan_aaaaaaaaaaaa', 'brisk_plan_bbbbbbbbbbbb']
  const other = await connectDatabase(mariadbUrl())
  const again = await connectDatabase(mariadbUrl())
  try {
    for (const sql of [`create database ${left}`, `create database ${alive}`]) await real.query(sql)
    await real.query(
      `insert into mysql.table_stats (db_name, table_name, cardinality) values ('${left}', 'Post', 7)`,
    )
    await other.query(`select get_lock('${alive}', 0)`)
    await (await mariadbPlanner(again, statistics)).close()
    const found = await real.query(`show databases like 'brisk\\_plan\\_%'`)
    const names = found.flatMap((row) => Object.values(row))
    expect([names.includes(left), names.includes(alive)]).toEqual([false, true])
    expect(await real.query(`select * from mysql.table_stats where db_name = '${left}'`)).toEqual([])
  } finally {
    await real.query(`drop database if exists ${left}`)
    await real.query(`drop database if exists ${alive}`)
    await other.close()
    await again.close()
  }
})

test('X53 MariaDB: nothing is left behind, and a server that is none is named', async () => {
  const session = await connectDatabase(mariadbUrl())
  try {
    const other = await mariadbPlanner(session, statistics)
    const [{ name: copy } = {}] = await session.query('select database() as name')
    expect(copy).toMatch(/^brisk_plan_/)
    await other.close()
    expect(await session.query('show databases like ?', [String(copy)])).toEqual([])
    for (const [table, column] of [
      ['innodb_table_stats', 'database_name'],
      ['innodb_index_stats', 'database_name'],
      ['table_stats', 'db_name'],
      ['index_stats', 'db_name'],
      ['column_stats', 'db_name'],
    ])
      expect(await session.query(`select 1 from mysql.${table} where ${column} = ?`, [String(copy)])).toEqual(
        [],
      )
    const mysql = { ...statistics, server: { name: 'MySQL 8.4.3', version: 80403 } }
    await expect(mariadbPlanner(session, mysql)).rejects.toMatchObject({ code: 'E_PLANNER' })
  } finally {
    await session.close()
  }
})

describe('X50 on the command line', () => {
  let project: TestProject
  beforeAll(() => {
    project = new TestProject({
      'prisma/schema.prisma': `datasource db {
  provider     = "mysql"
  relationMode = "prisma"
}
model Post {
  id        Int       @id @default(autoincrement())
  authorId  Int
  state     String    @db.VarChar(10)
  score     Int
  createdAt DateTime
  comments  Comment[]
}
model Comment {
  id     Int    @id @default(autoincrement())
  postId Int
  post   Post   @relation(fields: [postId], references: [id])
  body   String @db.VarChar(100)
}
`,
      'queries.sql': `SELECT * FROM \`Post\` WHERE \`authorId\` = 7;\nSELECT * FROM \`Post\` WHERE \`score\` >= 990;\n`,
    })
  })
  afterAll(() => project.remove())

  const advise = (...flags: string[]) => {
    const url = new URL(mariadbUrl())
    url.pathname = `/${name}`
    return command('--database-url', url.href, '--workload', 'queries.sql', '--no-source', ...flags)
  }

  const command = async (...flags: string[]) => {
    let [out, err] = ['', '']
    const code = await run(['advise', ...flags], {
      cwd: project.cwd,
      isTerminal: false,
      stdout: (text) => void (out += text),
      stderr: (text) => void (err += text),
    })
    return { code, out, err }
  }

  test('with a shadow server equalities are proved, ranges estimated', async () => {
    const { code, out, err } = await advise('--shadow-database-url', mariadbUrl(), '--format', 'json')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const { recommendations, findings } = JSON.parse(out) as Advice
    expect(recommendations.map((each) => [each.id, each.confidence])).toEqual([
      ['Comment(postId)', 'proved'],
      ['Post(authorId)', 'proved'],
      ['Post(score)', 'estimated'],
    ])
    for (const { before, after } of recommendations) expect(after?.cost).toBeLessThan(before?.cost ?? 0)
    expect(findings.map((each) => each.reason).join()).not.toContain('Nothing is proved')
  })

  test('for MySQL nothing is, whatever server is given', async () => {
    const mysql = { ...statistics, server: { name: 'MySQL 8.4.3', version: 80403 } }
    writeFileSync(join(project.cwd, 'mysql.json'), JSON.stringify(mysql))
    const given = ['--statistics', 'mysql.json', '--workload', 'queries.sql', '--no-source']
    const { out } = await command(...given, '--shadow-database-url', mariadbUrl(), '--format', 'json')
    const { recommendations, findings } = JSON.parse(out) as Advice
    expect(recommendations.length).toBeGreaterThan(0)
    expect(recommendations.map((each) => each.confidence)).not.toContain('proved')
    expect(findings.map((each) => each.reason).join()).toContain('Nothing is proved on MySQL 8.4.3')
  })

  test('without one nothing is, and it is said what to give', async () => {
    const { out } = await advise('--format', 'json')
    const { recommendations, findings } = JSON.parse(out) as Advice
    expect(new Set(recommendations.map((each) => each.confidence))).toEqual(new Set(['estimated']))
    expect(findings.map((each) => each.reason).join()).toContain('give --shadow-database-url')
    const { code, err } = await advise('--planner', 'mariadb')
    expect(code).toBe(2)
    expect(err).toContain('--planner mariadb needs --shadow-database-url')
  })
})
