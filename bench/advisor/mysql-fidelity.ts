import { createConnection } from 'mariadb'
import { mariadbPlanner } from '../../packages/index-advisor/src/planner/mariadb/mariadb-planner.ts'
import type { HypotheticalIndex } from '../../packages/index-advisor/src/planner/planner.ts'
import { exportMariadbStatistics } from '../../packages/index-advisor/src/statistics/export-mariadb.ts'
import type { Row, SqlClient } from '../../packages/index-advisor/src/statistics/sql-client.ts'
import { hypotheticalIndex } from '../../test/support/hypothetical-index.ts'
import { mariadbUrl } from '../../test/support/servers.ts'
import { type Bench, median } from '../harness.ts'

const NAME = 'advisor/mysql-fidelity'

interface Case {
  readonly sql: string
  readonly values: readonly string[]
  readonly index: HypotheticalIndex
}

const index = (table: string, keys: string) => {
  const made = hypotheticalIndex(table, keys)
  return { ...made, schema: null }
}
const byAuthor = index('Post', 'authorId')
const byAuthorDate = index('Post', 'authorId, createdAt')
const byStatusDate = index('Post', 'status, createdAt')
const byScore = index('Post', 'score')
const byCreated = index('Post', 'createdAt')
const byStatusScore = index('Post', 'status, score')
const byTitle = index('Post', 'title')
const byPost = index('Comment', 'postId')
const byPostDate = index('Comment', 'postId, createdAt')
const byCommenter = index('Comment', 'authorId')
const byCountry = index('User', 'country')
const byCountryPlan = index('User', 'country, plan')

const all = (sql: string, values: readonly string[], made: HypotheticalIndex): Case => ({
  sql,
  values,
  index: made,
})

/** Equalities, lists, ranges, sorts, groups and joins, as Prisma and people write them. */
const cases: readonly Case[] = [
  all('select * from "Post" where "authorId" = $1', ['50'], byAuthor),
  all('select * from "Post" where "authorId" in ($1, $2, $3)', ['50', '60', '7000'], byAuthor),
  all('select count(*) from "Post" where "authorId" = $1', ['50'], byAuthor),
  all('select * from "Post" where "authorId" = $1 order by "createdAt" desc limit 20', ['50'], byAuthorDate),
  all('select * from "Post" where "authorId" = $1 and "createdAt" >= $2', ['50', '2021-06-01'], byAuthorDate),
  all('select "id" from "Post" where "authorId" = $1 and "status" = $2', ['50', 'LIVE'], byAuthor),
  all('select * from "Post" where "status" = $1 order by "createdAt" desc limit 50', ['LIVE'], byStatusDate),
  all('select * from "Post" where "status" = $1', ['GONE'], byStatusDate),
  all('select count(*) from "Post" where "status" = $1', ['GONE'], byStatusDate),
  all('select * from "Post" where "status" = $1 and "createdAt" >= $2', ['LIVE', '2023-02-01'], byStatusDate),
  all('select * from "Post" where "score" = $1', ['77'], byScore),
  all('select * from "Post" where "score" >= $1', ['4950'], byScore),
  all('select * from "Post" where "score" >= $1', ['100'], byScore),
  all('select * from "Post" where "score" >= $1 and "score" < $2', ['1000', '1100'], byScore),
  all('select count(*) from "Post" where "score" >= $1', ['4000'], byScore),
  all('select * from "Post" order by "score" desc limit 20', [], byScore),
  all('select * from "Post" where "createdAt" >= $1', ['2023-02-15'], byCreated),
  all('select * from "Post" order by "createdAt" desc limit 10', [], byCreated),
  all('select "status", count(*) from "Post" group by "status"', [], byStatusScore),
  all('select "status", max("score") from "Post" group by "status"', [], byStatusScore),
  all('select * from "Post" where "status" = $1 and "score" = $2', ['NEW', '12'], byStatusScore),
  all('select * from "Post" where "title" = $1', ['title number 77'], byTitle),
  all('select * from "Comment" where "postId" = $1', ['400'], byPost),
  all('select * from "Comment" where "postId" = $1 order by "createdAt" limit 10', ['400'], byPostDate),
  all('select * from "Comment" where "postId" in ($1, $2, $3, $4)', ['4', '40', '400', '4000'], byPost),
  all(
    'select p."id", c."id" from "Post" p join "Comment" c on c."postId" = p."id" where p."id" in ($1, $2)',
    ['5', '50'],
    byPost,
  ),
  all(
    'select u."id", c."id" from "User" u join "Comment" c on c."authorId" = u."id" where u."id" = $1',
    ['9'],
    byCommenter,
  ),
  all('select * from "User" where "country" = $1', ['k'], byCountry),
  all('select * from "User" where "country" = $1 and "plan" = $2', ['k', 'pro'], byCountryPlan),
  all('select "country", count(*) from "User" group by "country"', [], byCountry),
]

/** How true the plans on an empty copy are: beside the same server with the rows, and each index really built. */
export async function runMysqlFidelity(bench: Bench): Promise<void> {
  if (!bench.wants(NAME)) return
  const database = `brisk_bench_fidelity_${process.pid}`
  const real = await open()
  const shadow = await open()
  try {
    for (const sql of data(database)) await real.query(sql)
    const statistics = await exportMariadbStatistics(real)
    const planner = await mariadbPlanner(shadow, statistics)
    const errors: number[] = []
    let shapes = 0
    try {
      for (const [at, { sql, values, index: made }] of cases.entries()) {
        const query = { fingerprint: `case ${at}`, sql, parameters: values.length }
        const foreseen = await planner.plan(query, [made], { kind: 'common', values })
        const keys = made.keys.map((key) => `"${key.column}"${key.sort === 'desc' ? ' desc' : ''}`).join(', ')
        await real.query(`create index fidelity on "${made.table}" (${keys})`)
        await real.query(`analyze table "${made.table}" persistent for all`)
        const literal = sql.replace(/\$(\d+)/g, (_, number: string) => `'${values[Number(number) - 1]}'`)
        const plan = await real.query(`explain ${literal}`)
        const [status] = await real.query(`show session status like 'Last_query_cost'`)
        await real.query(`drop index fidelity on "${made.table}"`)
        const cost = Number(status?.['Value'])
        const error = Math.abs(foreseen.cost - cost) / cost
        errors.push(error)
        const isUsed = plan.some((row) => row['key'] === 'fidelity')
        if (isUsed !== foreseen.uses.includes(made.id)) shapes++
        if (error > 0.15 || isUsed !== foreseen.uses.includes(made.id))
          process.stderr.write(
            `${sql}: ${foreseen.cost.toFixed(1)} foreseen, ${cost.toFixed(1)} real, used ${isUsed}\n`,
          )
      }
    } finally {
      await planner.close()
    }
    bench.limited(NAME, 100 * median(errors), '% median error', 15)
    bench.limited(`${NAME}-shapes`, shapes, `of ${cases.length} plans that use the index or not`, 3)
  } finally {
    await real.query(`drop database if exists ${database}`)
    await real.end()
    await shadow.end()
  }
}

async function open(): Promise<SqlClient & { end(): Promise<void> }> {
  const url = new URL(mariadbUrl())
  const connection = await createConnection({
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    bigIntAsNumber: true,
    decimalAsNumber: true,
    insertIdAsNumber: true,
  })
  return {
    query: (sql, parameters) => connection.query<readonly Row[]>(sql, parameters?.slice()),
    end: () => connection.end(),
  }
}

function data(database: string): string[] {
  return [
    `create database ${database}`,
    `use ${database}`,
    `set session sql_mode = 'ANSI_QUOTES'`,
    'create table "User" ("id" int primary key auto_increment, "country" varchar(3) not null, "plan" varchar(10) not null)',
    'create table "Post" ("id" int primary key auto_increment, "authorId" int not null, "status" varchar(10) not null, "score" int not null, "title" varchar(100) not null, "createdAt" datetime not null)',
    'create table "Comment" ("id" int primary key auto_increment, "postId" int not null, "authorId" int not null, "createdAt" datetime not null, "text" varchar(200) not null)',
    `insert into "User" ("country", "plan") select char(97 + seq % 26), elt(1 + seq % 3, 'free', 'pro', 'team') from seq_1_to_20000`,
    `insert into "Post" ("authorId", "status", "score", "title", "createdAt")
     select 1 + (seq * 7919) % 20000, elt(1 + seq % 5, 'DRAFT', 'LIVE', 'GONE', 'HELD', 'NEW'), (seq * 31) % 5003,
       concat('title number ', seq, repeat('x', seq % 40)), '2020-01-01' + interval (seq * 911) % 100000000 second
     from seq_1_to_200000`,
    `insert into "Comment" ("postId", "authorId", "createdAt", "text")
     select 1 + (seq * 104729) % 100000, 1 + (seq * 31) % 20000, '2021-01-01' + interval (seq * 631) % 80000000 second,
       repeat('y', 20 + seq % 100) from seq_1_to_300000`,
    'analyze table "User", "Post", "Comment" persistent for all',
  ]
}
