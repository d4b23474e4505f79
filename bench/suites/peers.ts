import { Redis } from 'ioredis'
import { startRedis } from '../../test/support/redis.ts'
import { inTurn, median, type Bench } from '../harness.ts'
import { batcherChecks, batchers } from '../peers/batchers.ts'
import { cacheChecks, caches, warmReads } from '../peers/caches.ts'
import { writeComparison, type Measure, type Section } from '../peers/comparison-page.ts'
import { judge, onGround, type Contender, type Ground, type Racer } from '../peers/contender.ts'
import { paginatorChecks, paginators } from '../peers/paginators.ts'

/** Rounds before any is counted, for all contenders alike. */
const WARM = 30

/** The suite beside its peers, on the same work: speed, statements, and which behaviours each has. */
export async function run(bench: Bench): Promise<void> {
  const server = await startRedis()
  const redis = new Redis(server.url)
  try {
    const sections: Section[] = []
    if (bench.wants('peers/cache')) {
      sections.push({
        title: 'Caches',
        contenders: caches,
        verdicts: await judge(caches, cacheChecks, redis),
        measures: await race(bench, redis, 'peers/cache-hit', 'a cached findUnique', caches, warmReads, 200),
      })
    }
    if (bench.wants('peers/page')) {
      sections.push({
        title: 'Pages',
        contenders: paginators,
        verdicts: await judge(paginators, paginatorChecks, redis),
        measures: await race(
          bench,
          redis,
          'peers/page',
          'the first page of 20 by (createdAt, id)',
          paginators,
          async (paginator) => async (times) => {
            for (let index = 0; index < times; index++)
              await paginator.page([{ createdAt: 'asc' }, { id: 'asc' }], 20, null)
          },
          50,
        ),
      })
    }
    if (bench.wants('peers/batch')) {
      sections.push({
        title: 'Batching',
        contenders: batchers,
        verdicts: await judge(batchers, batcherChecks, redis),
        measures: await race(
          bench,
          redis,
          'peers/batch-lists/100',
          '100 lists by foreign key at once',
          batchers,
          async (batcher) => async (times) => {
            for (let index = 0; index < times; index++) {
              await Promise.all(Array.from({ length: 100 }, (_, key) => batcher.studentsOf(key + 2)))
            }
          },
          3,
        ),
      })
    }
    for (const section of sections)
      bench.table(
        section.title,
        section.contenders.map(({ name }) => name),
        section.verdicts,
      )
    if (bench.writes) await writeComparison(sections)
  } finally {
    redis.disconnect()
    await server.kill('SIGKILL')
  }
}

/** Lets all contenders do the same work in turn, each on a database of its own: the time and the statements of it once. */
async function race<Able>(
  bench: Bench,
  redis: Redis,
  name: string,
  what: string,
  contenders: readonly Contender<Able>[],
  prepare: (able: Able, ground: Ground) => Promise<Racer>,
  times: number,
): Promise<Measure[]> {
  const statements: number[] = []
  const values = await nested(contenders.length, [])
  contenders.forEach((contender, index) => {
    if (index > 0)
      bench.compared(
        name,
        (values[0] as number) * 1000,
        'µs',
        contender.name,
        (values[index] as number) * 1000,
      )
  })
  return [
    { what, unit: 'ms', values },
    { what: `${what}, statements`, unit: '', values: statements },
  ]

  async function nested(left: number, racers: Racer[]): Promise<number[]> {
    if (left === 0) {
      const contestants = racers.map((run, index) => ({ name: String(index), run }))
      return (await inTurn(contestants, 15, times, WARM)).map(median)
    }
    const contender = contenders[contenders.length - left] as Contender<Able>
    return onGround(redis, async (ground) => {
      const racer = await prepare(await contender.mount(ground), ground)
      await racer(1)
      ground.log.clear()
      await racer(1)
      statements.push(ground.log.statements.length)
      return nested(left - 1, [...racers, racer])
    })
  }
}
