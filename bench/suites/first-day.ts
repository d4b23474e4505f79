import { consoleSink, slowQuery } from '@prisma-brisk/slow-query'
import { createDatabase } from '../../test/support/databases.ts'
import type { Bench } from '../harness.ts'

/** What a new user meets. */
export async function run(bench: Bench): Promise<void> {
  await log(bench)
}

const SECONDS = 60
const REQUESTS_A_SECOND = 100
const SHAPES = 20

/** Lines on the console in a minute of slow requests. */
async function log(bench: Bench): Promise<void> {
  const name = 'first-day/log'
  if (!bench.wants(name)) return
  const database = await createDatabase('postgresql')
  let lines = 0
  const prisma = database.createClient().$extends(
    slowQuery({
      threshold: 0.000_001,
      sinks: [consoleSink({ print: () => void lines++ })],
    }),
  )
  const request = (shape: number): Promise<unknown> =>
    prisma.user.findMany({ where: { AND: Array.from({ length: shape + 1 }, (_, id) => ({ id })) } })
  const open = new Set<Promise<unknown>>()
  const startedAt = performance.now()
  for (let index = 0; index < SECONDS * REQUESTS_A_SECOND; index++) {
    const due = startedAt + (index * 1000) / REQUESTS_A_SECOND
    const early = due - performance.now()
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    const answer = request(index % SHAPES)
    open.add(answer)
    void answer.finally(() => open.delete(answer))
  }
  await Promise.all(open)
  await prisma.$disconnect()
  bench.limited(name, lines, 'lines', 60)
  await database.drop()
}
