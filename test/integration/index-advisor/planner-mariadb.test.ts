import { randomBytes } from 'node:crypto'
import { run } from '../../../packages/index-advisor/src/cli/run.ts'
import type { Advice } from '../../../packages/index-advisor/src/advice/advice.ts'
import { mariadbPlanner } from '../../../packages/index-advisor/src/planner/mariadb-planner.ts'
import type { HypotheticalIndex, Planner } from '../../../packages/index-advisor/src/planner/planner.ts'
import {
  type DatabaseConnection,
  connectDatabase,
} from '../../../packages/index-advisor/src/statistics/connect.ts'
import { exportMariadbStatistics } from '../../../packages/index-advisor/src/statistics/export-mariadb.ts'
import type { Statistics } from '../../../packages/index-advisor/src/statistics/statistics.ts'
import { TestProject } from '../../../packages/index-advisor/test/support/project.ts'
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

async function onRows(sql: string, made: HypotheticalIndex): Promise<{ cost: number; isUsed: boolean }> {
  const keys = made.keys.map((key) => key.column).join(', ')
  await real.query(`create index made on ${made.table} (${keys})`)
  try {
    await real.query(`analyze table ${made.table} persistent for all`)
    const plan = await real.query(`explain ${sql}`)
    const [status] = await real.query(`show session status like 'Last_query_cost'`)
    return { cost: Number(status?.['Value']), isUsed: plan.some((row) => row['key'] === 'made') }
  } finally {
    await real.query(`drop index made on ${made.table}`)
  }
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
] as const)(
  'X53 MariaDB, %s: the empty copy costs it as the server with the rows does',
  async (_, sql, made) => {
    const foreseen = await foresee(sql, [made])
    const { cost, isUsed } = await onRows(sql, made)
    expect(foreseen.uses.includes(made.id)).toBe(isUsed)
    // A look into the index, which the statistics stand in for, costs one unit.
    expect(Math.abs(foreseen.cost - cost)).toBeLessThan(Math.max(1.5, 0.15 * cost))
  },
)

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

  const advise = async (...flags: string[]) => {
    let [out, err] = ['', '']
    const url = new URL(mariadbUrl())
    url.pathname = `/${name}`
    const code = await run(
      ['advise', '--database-url', url.href, '--workload', 'queries.sql', '--no-source', ...flags],
      {
        cwd: project.cwd,
        isTerminal: false,
        stdout: (text) => void (out += text),
        stderr: (text) => void (err += text),
      },
    )
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
