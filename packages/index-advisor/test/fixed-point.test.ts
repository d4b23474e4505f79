import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { forSeeds, type Random } from '../../../test/support/random.ts'
import { advise, adviseOn, collect } from '../src/advise.ts'
import type { AdviceRun } from '../src/advice-run.ts'
import { withStatistics } from '../src/catalog/with-statistics.ts'
import { planMigration } from '../src/migration/migration-plan.ts'
import type { AdviseOptions } from '../src/options.ts'
import type { Planner } from '../src/planner/planner.ts'
import { pglitePlanner } from '../src/planner/what-if/pglite-planner.ts'
import { provingSelector } from '../src/selection/proving-selector.ts'
import { catalogStatistics } from '../src/statistics/match-schema.ts'
import { type Statistics, summaryOnly, type TableActivity, UNCOUNTED } from '../src/statistics/statistics.ts'
import { type Workload, WorkloadBuilder } from '../src/workload/workload.ts'
import { workloadShapes } from '../src/workload/workload-shapes.ts'
import { readCaseStatistics } from './support/corpus-statistics.ts'

/** Advice that is taken satisfies the next run on the same inputs: `--write`, then `--check`. */
const corpus = fileURLToPath(new URL('corpus', import.meta.url))

let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'brisk-fixed-point-'))
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

const cases = readdirSync(corpus).filter((name) => {
  const { recommend } = expectationOf(name)
  return recommend.length > 0
})

test.each(cases)('KN10 %s: what was written is not advised on again', async (name) => {
  const directory = join(place, 'project')
  cpSync(join(corpus, name), directory, { recursive: true })
  const has = (file: string) => existsSync(join(directory, file))
  const options: AdviseOptions = {
    cwd: directory,
    schema: has('schema') ? 'schema' : 'given.prisma',
    ...(readdirSync(directory).some((file) => /^source.*\.tsx?$/.test(file)) || has('src')
      ? { source: ['source*.ts', 'src/**'] }
      : {}),
    ...(has('statistics.json') ? { statistics: readCaseStatistics(join(directory, 'statistics.json')) } : {}),
    ...expectationOf(name).options,
  }
  const run = await advise(options)
  expect(run.advice.recommendations.length).toBeGreaterThan(0)
  take(run)
  const { advice } = await advise(options)
  expect(advice.recommendations.map(({ id }) => id)).toEqual([])
})

describe('KN10 a measured workload', () => {
  let planner: Planner
  beforeAll(async () => {
    planner = await pglitePlanner(statisticsOf(UNCOUNTED))
  }, 60_000)
  afterAll(() => planner?.close())

  const given = async (statistics: Statistics, workload: Workload): Promise<AdviceRun> => {
    const collected = await collect({ cwd: place, schema: 'schema.prisma' })
    if ('unsupported' in collected.reading) throw new Error('unsupported')
    const catalog = withStatistics(collected.reading.catalog, catalogStatistics(statistics))
    const reading = { ...collected.reading, catalog }
    return adviseOn(
      { ...collected, reading },
      {
        shapes: await workloadShapes(workload, catalog),
        selector: provingSelector({ statistics, planner, workload }),
      },
    )
  }

  test('what was written is not advised on again, nor anything in its place', async () => {
    let written = 0
    await forSeeds(60, async (random) => {
      writeFileSync(join(place, 'schema.prisma'), eventSchema)
      const statistics = statisticsOf({
        ...UNCOUNTED,
        inserted: random.pick([0, 100_000, 1_000_000]),
        scans: 20_000,
      })
      const workload = await randomWorkload(random)
      const run = await given(statistics, workload)
      if (run.advice.recommendations.length === 0) return
      written++
      take(run)
      const { advice } = await given(statistics, workload)
      expect(advice.recommendations.map(({ id }) => id)).toEqual([])
    })
    expect(written).toBeGreaterThan(10)
  }, 120_000)

  test('KN10 an index that spares its best query less than half is of low severity', async () => {
    writeFileSync(join(place, 'schema.prisma'), eventSchema)
    const builder = new WorkloadBuilder('postgresql')
    for (const column of ['twelve', 'each'])
      await builder.add({
        sql: `SELECT * FROM "Event" WHERE "${column}" = $1`,
        calls: 100,
        totalMs: 100,
        rows: 1,
      })
    const { advice } = await given(statisticsOf(UNCOUNTED), builder.build('slow-query-log'))
    expect(advice.recommendations.map(({ id, severity }) => [id, severity])).toEqual([
      ['Event(each)', 'medium'],
      ['Event(twelve)', 'low'],
    ])
  })
})

/** As `--write` does. */
function take(run: AdviceRun): void {
  const { changes } = planMigration({ run, drops: [], history: null, now: new Date(0), prismaVersion: null })
  for (const { path, text } of changes) writeFileSync(path, text)
}

const distinct = { id: -1, five: 5, twelve: 12, hundred: 100, tenThousand: 10_000, each: -1 }

const eventSchema = `datasource db {
  provider = "postgresql"
}
model Event {
  id          Int @id
  five        Int
  twelve      Int
  hundred     Int
  tenThousand Int
  each        Int
}
`

function statisticsOf(activity: TableActivity): Statistics {
  const pages = 2_300
  const rows = 100_000
  return {
    format: 'prisma-brisk/statistics',
    version: 1,
    provider: 'postgresql',
    server: { name: 'PostgreSQL', version: 150_000 },
    values: true,
    defaultSchema: 'public',
    settings: {},
    extensions: [],
    types: [],
    unreadable: [],
    tables: [
      {
        schema: 'public',
        name: 'Event',
        partitioning: null,
        pages,
        analysedPages: pages,
        rows,
        allVisiblePages: 0,
        activity,
        columns: Object.entries(distinct).map(([name, values]) => ({
          name,
          type: 'integer',
          extension: null,
          isNullable: false,
          collation: null,
          statistics: summaryOnly({ nullFraction: 0, averageWidth: 4, distinct: values }),
          inheritedStatistics: null,
        })),
        indexes: [],
        foreignKeys: [],
        extended: [],
      },
    ],
  }
}

/** Queries of one table that share its time: some slow enough to tell that an index would not be their cure. */
async function randomWorkload(random: Random): Promise<Workload> {
  const builder = new WorkloadBuilder('postgresql')
  const columns = ['five', 'hundred', 'tenThousand', 'each']
  for (let left = random.int(2, 6); left > 0; left--) {
    const [first, second, sort] = [random.pick(columns), random.pick(columns), random.pick(columns)]
    const compared = random.pick([
      `"${first}" = $1`,
      `"${first}" = $1 AND "${second}" = $2`,
      `"${first}" > $1`,
      `"${first}" = $1 AND "${second}" > $2`,
    ])
    const order = random.pick(['', ` ORDER BY "${sort}" LIMIT 10`])
    const calls = random.pick([2, 10, 3_000])
    await builder.add({
      sql: `SELECT * FROM "Event" WHERE ${compared}${order}`,
      calls,
      totalMs: calls * random.pick([1, 600]),
      rows: 10,
    })
  }
  return builder.build('slow-query-log')
}

function expectationOf(name: string): { recommend: readonly string[]; options?: Partial<AdviseOptions> } {
  return JSON.parse(readFileSync(join(corpus, name, 'expect.json'), 'utf8')) as ReturnType<
    typeof expectationOf
  >
}
