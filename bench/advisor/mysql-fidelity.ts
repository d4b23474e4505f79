import { createConnection } from 'mariadb'
import { mariadbPlanner } from '../../packages/index-advisor/src/planner/mariadb/mariadb-planner.ts'
import type { HypotheticalIndex } from '../../packages/index-advisor/src/planner/planner.ts'
import { exportMariadbStatistics } from '../../packages/index-advisor/src/statistics/export-mariadb.ts'
import type { Row, SqlClient } from '../../packages/index-advisor/src/statistics/sql-client.ts'
import { costOf, countedReads, type CountedReads } from '../../test/support/counted-reads.ts'
import { hypotheticalIndex } from '../../test/support/hypothetical-index.ts'
import { mariadbUrl } from '../../test/support/servers.ts'
import { type Bench, median } from '../harness.ts'

const NAME = 'advisor/mysql-fidelity'

interface Case {
  readonly sql: string
  readonly values: readonly string[]
  /** The first is the one whose cost is foreseen; all of them are chosen among. */
  readonly candidates: readonly HypotheticalIndex[]
}

const index = (table: string, keys: string): HypotheticalIndex =>
  hypotheticalIndex(table, keys, { schema: null })
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
const ofPost = [byAuthor, byAuthorDate, byStatusDate, byScore, byCreated, byStatusScore, byTitle]
const ofComment = [byPost, byPostDate, byCommenter]
const ofUser = [byCountry, byCountryPlan]

const all = (sql: string, values: readonly string[], first: HypotheticalIndex): Case => {
  const rivals = [ofPost, ofComment, ofUser].find((each) => each.includes(first)) ?? []
  return { sql, values, candidates: [first, ...rivals.filter((each) => each !== first)] }
}

/** Equalities, lists, ranges, sorts, pages, groups and joins, as Prisma and people write them. */
const cases: readonly Case[] = [
  all('select * from "Post" where "authorId" = $1', ['50'], byAuthor),
  all('select * from "Post" where "authorId" in ($1, $2, $3)', ['50', '60', '7000'], byAuthor),
  all('select count(*) from "Post" where "authorId" = $1', ['50'], byAuthor),
  all('select * from "Post" where "authorId" = $1 and "createdAt" >= $2', ['50', '2021-06-01'], byAuthorDate),
  all('select "id" from "Post" where "authorId" = $1 and "status" = $2', ['50', 'LIVE'], byAuthor),
  all('select * from "Post" where "status" = $1', ['GONE'], byStatusDate),
  all('select count(*) from "Post" where "status" = $1', ['GONE'], byStatusDate),
  all('select * from "Post" where "status" = $1 and "createdAt" >= $2', ['LIVE', '2023-02-01'], byStatusDate),
  all('select * from "Post" where "score" = $1', ['77'], byScore),
  all('select * from "Post" where "score" >= $1', ['4950'], byScore),
  all('select * from "Post" where "score" >= $1', ['100'], byScore),
  all('select * from "Post" where "score" >= $1 and "score" < $2', ['1000', '1100'], byScore),
  all('select count(*) from "Post" where "score" >= $1', ['4000'], byScore),
  all('select * from "Post" where "createdAt" >= $1', ['2023-02-15'], byCreated),
  all('select "status", count(*) from "Post" group by "status"', [], byStatusScore),
  all('select "status", max("score") from "Post" group by "status"', [], byStatusScore),
  all('select distinct "authorId" from "Post"', [], byAuthor),
  all('select max("createdAt") from "Post"', [], byCreated),
  all('select * from "Post" where "status" = $1 and "score" = $2', ['NEW', '12'], byStatusScore),
  all('select * from "Post" where "title" = $1', ['title number 77'], byTitle),
  // A page whose order an index has.
  all('select * from "Post" where "authorId" = $1 order by "createdAt" desc limit 20', ['50'], byAuthorDate),
  all('select * from "Post" where "status" = $1 order by "createdAt" desc limit 50', ['LIVE'], byStatusDate),
  all('select * from "Post" order by "score" desc limit 20', [], byScore),
  all('select * from "Post" order by "createdAt" desc limit 10', [], byCreated),
  all('select * from "Post" where "score" >= $1 order by "score" limit 25', ['100'], byScore),
  all(
    'select * from "Post" where "status" = $1 and "createdAt" >= $2 order by "createdAt" limit 20',
    ['LIVE', '2021-06-01'],
    byStatusDate,
  ),
  // One that it has not: all are found and sorted.
  all('select * from "Post" where "authorId" = $1 order by "title" limit 20', ['50'], byAuthor),
  all('select * from "Post" order by "title" desc limit 20', [], byCreated),
  all('select * from "Post" where "status" = $1 order by "title" limit 20', ['LIVE'], byStatusDate),
  // A page in order, of which other conditions leave out rows.
  all('select * from "Post" where "status" = $1 order by "createdAt" desc limit 20', ['LIVE'], byCreated),
  all('select * from "Post" where "score" > $1 order by "createdAt" desc limit 20', ['4000'], byCreated),
  all('select * from "Post" where "score" = $1 order by "createdAt" desc limit 10', ['77'], byCreated),
  all('select * from "Post" where "score" = $1 order by "createdAt" desc limit 10', ['77'], byScore),
  // Pages far behind.
  all('select * from "Post" order by "createdAt" limit 20 offset 2000', [], byCreated),
  all('select * from "Post" order by "createdAt" limit 20 offset 150000', [], byCreated),
  all(
    'select * from "Post" where "status" = $1 order by "createdAt" limit 20 offset 5000',
    ['LIVE'],
    byStatusDate,
  ),
  all(
    'select count(*) from (select "id" from "Post" where "status" = $1 limit 500) counted',
    ['LIVE'],
    byStatusDate,
  ),
  all('select * from "Comment" where "postId" = $1', ['400'], byPost),
  all('select * from "Comment" where "postId" = $1 order by "createdAt" limit 10', ['400'], byPostDate),
  all('select * from "Comment" where "postId" in ($1, $2, $3, $4)', ['4', '40', '400', '4000'], byPost),
  all(
    'select p."id" p, c."id" c from "Post" p join "Comment" c on c."postId" = p."id" where p."id" in ($1, $2)',
    ['5', '50'],
    byPost,
  ),
  all(
    'select u."id" u, c."id" c from "User" u join "Comment" c on c."authorId" = u."id" where u."id" = $1',
    ['9'],
    byCommenter,
  ),
  all(
    'select p."id" p, c."id" c from "Post" p join "Comment" c on c."postId" = p."id" order by p."id" limit 20',
    [],
    byPost,
  ),
  // Relation filters and counts.
  all(
    'select * from "User" where "id" in (select "authorId" from "Post" where "score" = $1 and "authorId" is not null) order by "id" limit 20',
    ['77'],
    byScore,
  ),
  all(
    'select * from "User" where "country" = $1 and "id" not in (select "authorId" from "Post" where "score" = $2)',
    ['k', '77'],
    byScore,
  ),
  all('select * from "User" where "country" = $1', ['k'], byCountry),
  all('select * from "User" where "country" = $1 and "plan" = $2', ['k', 'pro'], byCountryPlan),
  all('select "country", count(*) from "User" group by "country"', [], byCountry),
]

/**
 * How true the plans on an empty copy are, beside the same server with the rows, each index really built, and the statement run: what
 * the server reads is counted there, with no formula of the planner's. The error is of the cost with the index; a plan is another
 * one if it uses the index where the server does not, or the other way round; a decision is wrong if the index that is foreseen to
 * be the cheapest makes the server read more rows than the best one does.
 */
export async function runMysqlFidelity(bench: Bench): Promise<void> {
  if (!bench.wants(NAME)) return
  const database = `brisk_bench_fidelity_${process.pid}`
  const real = await open()
  const shadow = await open()
  try {
    for (const sql of data(database)) await real.query(sql)
    const statistics = await exportMariadbStatistics(real)
    const built = await buildAll(real)
    const planner = await mariadbPlanner(shadow, statistics)
    const errors: number[] = []
    let [shapes, decisions] = [0, 0]
    try {
      for (const [at, { sql, values, candidates }] of cases.entries()) {
        const query = { fingerprint: `case ${at}`, sql, parameters: values.length }
        const literal = withBackticks(sql).replace(
          /\$(\d+)/g,
          (_, number: string) => `'${values[Number(number) - 1]}'`,
        )
        const foreseen: Foreseen[] = []
        for (const made of candidates) {
          const plan = await planner.plan(query, [made], { kind: 'common', values })
          const counted = await built(made, () => countedReads(real, literal))
          foreseen.push({ id: made.id, cost: plan.cost, isUsed: plan.uses.includes(made.id), counted })
        }
        const [first] = foreseen
        if (first === undefined) continue
        const cost = costOf(first.counted)
        const error = Math.abs(first.cost - cost) / cost
        errors.push(error)
        // An end of an index is read while the statement is planned, and no plan names it.
        const isUsed = first.counted.keys.has(first.id) || first.counted.keys.size + first.counted.pages === 0
        if (isUsed !== first.isUsed) shapes++
        const [wanted, best] = [cheapest(foreseen), fewest(foreseen)]
        const isWrong = wanted.counted.rows > best.counted.rows * 1.1 + 8
        if (isWrong) decisions++
        if (error > 0.15 || isUsed !== first.isUsed || isWrong)
          process.stderr.write(
            `${sql}: ${first.cost.toFixed(1)} foreseen, ${cost.toFixed(1)} counted, used ${first.isUsed} foreseen, ${isUsed} real` +
              `${isWrong ? `, takes ${wanted.id} (${wanted.counted.rows} rows) for ${best.id} (${best.counted.rows} rows)` : ''}\n`,
          )
      }
    } finally {
      await planner.close()
    }
    bench.limited(NAME, 100 * median(errors), '% median error', 15)
    bench.limited(`${NAME}-shapes`, shapes, `of ${cases.length} plans that use the index or not`, 3)
    bench.limited(
      `${NAME}-decisions`,
      decisions,
      `of ${cases.length} statements whose best index is another`,
      3,
    )
  } finally {
    await real.query(`drop database if exists ${database}`)
    for (const table of ['table_stats', 'index_stats', 'column_stats'])
      await real.query(`delete from mysql.${table} where db_name = ?`, [database])
    await real.end()
    await shadow.end()
  }
}

interface Foreseen {
  readonly id: string
  readonly cost: number
  readonly isUsed: boolean
  readonly counted: CountedReads
}

function cheapest(foreseen: readonly Foreseen[]): Foreseen {
  return foreseen.reduce((best, each) => (each.cost < best.cost ? each : best))
}

function fewest(foreseen: readonly Foreseen[]): Foreseen {
  return foreseen.reduce((best, each) => (each.counted.rows < best.counted.rows ? each : best))
}

function withBackticks(sql: string): string {
  return sql.replaceAll('"', '`')
}

/** Builds every index once, under its id, and shows them one at a time. */
async function buildAll(
  real: SqlClient,
): Promise<<T>(index: HypotheticalIndex, work: () => Promise<T>) => Promise<T>> {
  const turn = (each: HypotheticalIndex, word: string) =>
    real.query(withBackticks(`alter table "${each.table}" alter index "${each.id}" ${word}`))
  for (const each of [...ofPost, ...ofComment, ...ofUser]) {
    await real.query(
      `create index "${each.id}" on "${each.table}" (${each.keys.map((key) => `"${key.column}"`).join(', ')})`,
    )
  }
  await real.query('analyze table "User", "Post", "Comment" persistent for all')
  // Under ANSI_QUOTES the server prints JSON that is none.
  await real.query(`set session sql_mode = ''`)
  for (const each of [...ofPost, ...ofComment, ...ofUser]) await turn(each, 'ignored')
  return async (each, work) => {
    await turn(each, 'not ignored')
    try {
      return await work()
    } finally {
      await turn(each, 'ignored')
    }
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
