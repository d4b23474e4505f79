import { randomBytes } from 'node:crypto'
import { mariadbPlanner } from '../../../packages/index-advisor/src/planner/mariadb/mariadb-planner.ts'
import type { HypotheticalIndex, Planner } from '../../../packages/index-advisor/src/planner/planner.ts'
import {
  connectDatabase,
  type DatabaseConnection,
} from '../../../packages/index-advisor/src/statistics/connect.ts'
import { exportMariadbStatistics } from '../../../packages/index-advisor/src/statistics/export-mariadb.ts'
import { countedReads, withIndex } from '../../support/counted-reads.ts'
import { hypotheticalIndex } from '../../support/hypothetical-index.ts'
import { forSeeds, type Random } from '../../support/random.ts'
import { mariadbUrl } from '../../support/servers.ts'

/**
 * Random tables, rows, statements and indexes. On the rows each index is really built and the statement run: what the server reads
 * is counted there, and no formula of the planner's is asked.
 */

/** An index must save this share of the cost, as `selection` has it. */
const LEAST_GAIN = 0.1
/**
 * From this share on it is called proved. InnoDB counts what a lookup finds within a factor of two, so of two ways that are nearer to
 * each other the server may take either.
 */
const PROVED_GAIN = 0.5
/** Statements that read less are fast whatever the index. */
const FEW = 500

const database = `brisk_random_${randomBytes(4).toString('hex')}`
let real: DatabaseConnection
let shadow: DatabaseConnection

beforeAll(async () => {
  real = await connectDatabase(mariadbUrl())
  shadow = await connectDatabase(mariadbUrl())
  await real.query(`create database ${database}`)
  await real.query(`use ${database}`)
})

afterAll(async () => {
  await real?.query(`drop database if exists ${database}`)
  for (const table of ['table_stats', 'index_stats', 'column_stats'])
    await real?.query(`delete from mysql.${table} where db_name = ?`, [database])
  await real?.close()
  await shadow?.close()
})

test('X53 MariaDB: of random statements, no index that saves nine rows in ten is turned down, and none is proved that the server does not use', async () => {
  const wrong: string[] = []
  let [saving, recommended] = [0, 0]
  await forSeeds(
    12,
    async (random, seed) => {
      const world = new World(random)
      for (const sql of world.tables()) await real.query(sql)
      const planner = await mariadbPlanner(shadow, await exportMariadbStatistics(real))
      try {
        for (const { sql, indexes } of world.questions(6)) {
          const before = await countedReads(real, sql)
          for (const index of indexes) {
            const { isWanted, isProved, cost } = await judge(planner, sql, index)
            const { after, isUsed } = await withIndex(real, index, async (name) => {
              const counted = await countedReads(real, sql)
              return { after: counted, isUsed: counted.keys.has(name) || (await isOfEnds(sql)) }
            })
            const isSaving = before.rows >= FEW && isUsed && after.rows * 10 <= before.rows
            if (isSaving) saving++
            if (isWanted) recommended++
            const told = `seed ${seed}: ${sql} with ${index.id}: ${before.rows} → ${after.rows} rows, foreseen ${cost.join(' → ')}`
            if (isSaving && !isWanted) wrong.push(`turned down, ${told}`)
            if (isProved && !isUsed) wrong.push(`not used, ${told}`)
          }
        }
      } finally {
        await planner.close()
        for (const sql of world.drops()) await real.query(sql)
      }
    },
    { seconds: 8, atLeast: 4 },
  )
  // Enough of both kinds that the rule is tried.
  expect(saving).toBeGreaterThan(20)
  expect(recommended).toBeGreaterThan(20)
  expect(wrong).toEqual([])
}, 900_000)

async function judge(
  planner: Planner,
  sql: string,
  index: HypotheticalIndex,
): Promise<{ isWanted: boolean; isProved: boolean; cost: string[] }> {
  const query = { fingerprint: sql, sql: sql.replaceAll('`', '"'), parameters: 0 }
  const binding = { kind: 'common', values: [] } as const
  const before = await planner.plan(query, [], binding)
  const after = await planner.plan(query, [index], binding)
  const gain = after.uses.includes(index.id) ? 1 - after.cost / before.cost : 0
  return {
    isWanted: gain >= LEAST_GAIN,
    isProved: gain >= PROVED_GAIN,
    cost: [before, after].map((each) => `${each.cost.toFixed(1)} (${each.uses.join()})`),
  }
}

/** MIN and MAX at the end of an index: the plan names no table, and there was one without the index. */
async function isOfEnds(sql: string): Promise<boolean> {
  const rows = await real.query(`explain ${sql}`)
  return rows.every((row) => String(row['Extra']).includes('optimized away'))
}

interface Column {
  readonly name: string
  readonly type: string
  readonly values: number
  /** SQL of its value in row `seq`. */
  readonly value: string
  /** SQL literal of the value with this number. */
  readonly literal: (at: number) => string
  readonly isRanged: boolean
}

/** Two tables, the second with a foreign key to the first. */
class World {
  readonly #random: Random
  readonly #parent: readonly Column[]
  readonly #child: readonly Column[]
  readonly #rows: readonly [number, number]

  constructor(random: Random) {
    this.#random = random
    this.#rows = [random.int(500, 3000), random.int(8000, 30_000)]
    this.#parent = [this.#integer('kind', random.int(2, 40)), this.#text('name', random.int(100, 2000))]
    this.#child = [
      this.#integer('parentId', this.#rows[0]),
      this.#integer('few', random.int(2, 12)),
      this.#integer('many', random.int(200, 20_000)),
      this.#text('state', random.int(2, 8)),
      this.#text('label', random.int(300, 5000)),
      this.#time('at', random.int(2000, 50_000)),
    ]
  }

  tables(): string[] {
    const table = (name: string, columns: readonly Column[]) =>
      `create table ${name} (id int primary key auto_increment, ${columns.map((each) => `${each.name} ${each.type}`).join(', ')}, filler varchar(80) not null)`
    const fill = (name: string, columns: readonly Column[], rows: number) =>
      `insert into ${name} (${columns.map((each) => each.name).join(', ')}, filler) select ${columns.map((each) => each.value).join(', ')}, repeat('z', 20 + seq % 40) from seq_1_to_${rows}`
    return [
      table('parent', this.#parent),
      table('child', this.#child),
      fill('parent', this.#parent, this.#rows[0]),
      fill('child', this.#child, this.#rows[1]),
      ...(this.#random.chance(0.5) ? ['create index byState on child (state)'] : []),
      ...(this.#random.chance(0.3) ? ['create index byFew on child (few, id)'] : []),
      'analyze table parent, child persistent for all',
    ]
  }

  drops(): string[] {
    return ['drop table child', 'drop table parent']
  }

  questions(count: number): { sql: string; indexes: HypotheticalIndex[] }[] {
    return Array.from({ length: count }, () => {
      switch (this.#random.int(0, 7)) {
        case 0:
          return this.#join()
        case 1:
          return this.#grouped()
        case 2:
          return this.#related()
        case 3:
          return this.#counted()
        default:
          return this.#listed()
      }
    })
  }

  /** A page, or all of it. */
  #listed() {
    const { random } = { random: this.#random }
    const asked = random.sample(this.#child, random.int(0, 2))
    const order = random.sample(this.#child, random.int(asked.length === 0 ? 1 : 0, 2))
    const where =
      asked.length === 0 ? '' : ` where ${asked.map((each) => this.#condition(each)).join(' and ')}`
    const direction = random.pick(['asc', 'desc'])
    const tie = random.chance(0.4) ? [`id ${direction}`] : []
    const sorted =
      order.length === 0
        ? ''
        : ` order by ${[...order.map((each) => `${each.name} ${direction}`), ...tie].join(', ')}`
    const sql = `select * from child${where}${sorted}${this.#limit()}`
    return { sql, indexes: this.#indexes('child', asked, order) }
  }

  #counted() {
    const asked = this.#random.sample(this.#child, this.#random.int(1, 2))
    const where = asked.map((each) => this.#condition(each)).join(' and ')
    const sql = this.#random.pick([
      `select count(*) as n from child where ${where}`,
      `select count(*) as n from (select id from child where ${where}${this.#limit()}) as counted`,
      `select max(${asked[0]?.name}) as most from child`,
    ])
    return { sql, indexes: this.#indexes('child', asked, []) }
  }

  #grouped() {
    const [group, other] = this.#random.sample(this.#child, 2) as [Column, Column]
    const sql = this.#random.pick([
      `select ${group.name}, count(*) as n from child group by ${group.name}${this.#limit()}`,
      `select ${group.name}, max(${other.name}) as most from child group by ${group.name}`,
      `select distinct ${group.name} from child`,
      `select distinct ${group.name}, ${other.name} from child where ${this.#condition(group)}`,
    ])
    return { sql, indexes: this.#indexes('child', [group], [other]) }
  }

  #join() {
    const [parent] = this.#random.sample(this.#parent, 1) as [Column]
    const [child] = this.#random.sample(this.#child.slice(1), 1) as [Column]
    const [foreign] = this.#child as [Column]
    const sql = this.#random.pick([
      `select c.id as c, p.id as p from parent p join child c on c.parentId = p.id where ${this.#condition(parent, 'p.')}${this.#limit()}`,
      `select c.id as c, p.id as p from child c join parent p on c.parentId = p.id where ${this.#condition(child, 'c.')} order by c.${child.name}, c.id${this.#limit()}`,
      `select p.id as p, c.id as c from parent p left join child c on c.parentId = p.id where p.id = ${this.#random.int(1, this.#rows[0])} order by c.${child.name}`,
    ])
    return {
      sql,
      indexes: [
        ...this.#indexes('child', [foreign], [child]),
        ...(sql.includes('p.kind') || sql.includes('p.name') ? this.#indexes('parent', [parent], []) : []),
      ],
    }
  }

  /** As Prisma asks for relations. */
  #related() {
    const [child] = this.#random.sample(this.#child.slice(1), 1) as [Column]
    const [foreign] = this.#child as [Column]
    const inner = `select parentId from child where ${this.#condition(child)} and parentId is not null`
    const sql = this.#random.pick([
      `select * from parent where id in (${inner})${this.#limit()}`,
      `select * from parent where id not in (${inner})`,
      `select * from child where parentId in (${this.#values(foreign, 5).join(', ')}) order by ${child.name}`,
      `select * from parent p where exists (select 1 from child c where c.parentId = p.id and ${this.#condition(child, 'c.')})`,
    ])
    return { sql, indexes: this.#indexes('child', [foreign, child], []) }
  }

  #limit(): string {
    const random = this.#random
    if (random.chance(0.3)) return ''
    return ` limit ${random.pick([1, 5, 20, 50])}${random.chance(0.2) ? ` offset ${random.pick([20, 200, 2000])}` : ''}`
  }

  /** What a rule would make of it, and what it would not. */
  #indexes(table: string, asked: readonly Column[], order: readonly Column[]): HypotheticalIndex[] {
    const columns = table === 'child' ? this.#child : this.#parent
    const sets = [
      [...asked, ...order],
      order,
      asked.slice(0, 1),
      [...asked].reverse(),
      this.#random.sample(columns, this.#random.int(1, 2)),
    ].filter((each) => each.length > 0)
    const names = new Set(sets.map((each) => [...new Set(each.map((column) => column.name))].join(', ')))
    return [...names].map((keys) => hypotheticalIndex(table, keys, { schema: null }))
  }

  #condition(column: Column, alias = ''): string {
    const name = `${alias}${column.name}`
    const random = this.#random
    const kind = random.int(0, column.isRanged ? 5 : 2)
    if (kind <= 1) return `${name} = ${this.#values(column, 1)[0]}`
    if (kind === 2) return `${name} in (${this.#values(column, random.int(2, 4)).join(', ')})`
    const share = random.pick([0.001, 0.01, 0.1, 0.3, 0.8])
    if (kind === 3) return `${name} >= ${column.literal(Math.floor(column.values * (1 - share)))}`
    if (kind === 4) return `${name} < ${column.literal(Math.ceil(column.values * share))}`
    const from = Math.floor(random.next() * column.values * (1 - share))
    return `${name} >= ${column.literal(from)} and ${name} < ${column.literal(Math.ceil(from + column.values * share))}`
  }

  #values(column: Column, count: number): string[] {
    return Array.from({ length: count }, () => column.literal(this.#random.int(0, column.values - 1)))
  }

  /** Numbers below `values`, as often each. */
  #spread(values: number): string {
    return `crc32(concat(seq, '${this.#random.word(6)}')) % ${values}`
  }

  #integer(name: string, values: number): Column {
    return {
      name,
      type: 'int not null',
      values,
      value: `1 + ${this.#spread(values)}`,
      literal: (at) => String(1 + at),
      isRanged: true,
    }
  }

  #text(name: string, values: number): Column {
    return {
      name,
      type: 'varchar(30) not null',
      values,
      value: `concat('v', ${this.#spread(values)})`,
      literal: (at) => `'v${at}'`,
      isRanged: false,
    }
  }

  #time(name: string, values: number): Column {
    return {
      name,
      type: 'datetime not null',
      values,
      value: `'2024-01-01' + interval 60 * (${this.#spread(values)}) second`,
      literal: (at) =>
        `'${new Date(Date.UTC(2024, 0, 1) + at * 60_000).toISOString().slice(0, 19).replace('T', ' ')}'`,
      isRanged: true,
    }
  }
}
