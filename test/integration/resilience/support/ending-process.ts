/** A process that ends while deferred tasks are under way; see process-end.test.ts. */
import { PrismaPg } from '@prisma/adapter-pg'
import { resilience } from '@prisma-brisk/resilience'
import { jsonLinesSink, slowQuery, type RecordSink } from '@prisma-brisk/slow-query'
import { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'

export interface EndingProcess {
  readonly database: string
  /** Tags to be made, one task each, one after another. */
  readonly tags: readonly string[]
  /** Where slow-query writes its log; null: it is not mounted. */
  readonly log: string | null
  /**
   * How it ends once all tasks are queued. `signal`: as whoever signals wants it. `own handler`: by a listener of its own for
   * SIGTERM, which disconnects. `handler that exits`: by one that does not.
   */
  readonly ends: 'signal' | 'own handler' | 'handler that exits' | '$disconnect' | 'crash'
  /** Whether its patience, which is counted in seconds, ends a hundred times as early; else never. */
  readonly isImpatient: boolean
  /**
   * When it defers one more, named `late`. `other client`: the last task does, at another client that had none. `report`: what
   * became of the tasks is being reported.
   */
  readonly late: 'other client' | 'report' | null
}

const plan = JSON.parse(process.argv[2] as string) as EndingProcess

const { setTimeout: wait } = globalThis
globalThis.setTimeout = ((run: () => void, ms = 0) =>
  wait(run, ms < 1000 ? ms : plan.isImpatient ? ms / 100 : ms * 100)) as typeof wait

const connected = () =>
  new PrismaClient({ adapter: new PrismaPg({ connectionString: plan.database, max: 2 }) })
const base = connected()
const sinks = [
  ...(plan.log === null ? [] : [jsonLinesSink(plan.log)]),
  ...(plan.late === 'report' ? [deferring()] : []),
]
const watched =
  sinks.length === 0
    ? base
    : (base.$extends(slowQuery({ threshold: 0.001, sinks })) as unknown as PrismaClient)
const prisma = watched.$extends(resilience({ timeout: false }))

if (plan.ends === 'own handler') process.on('SIGTERM', () => void endOrderly())

if (plan.ends === 'handler that exits') process.on('SIGTERM', () => process.exit(0))

for (const name of plan.tags) await prisma.$deferred(() => prisma.tag.create({ data: { name } }))
if (plan.late === 'other client') {
  const other = connected().$extends(resilience({ timeout: false }))
  await prisma.$deferred(async () => {
    await prisma.tag.count()
    void other.$deferred(() => other.tag.create({ data: { name: 'late' } }))
  })
}
process.stdout.write('queued\n')

if (plan.ends === 'crash') throw new Error('crashed on purpose')
if (plan.ends === '$disconnect') {
  await prisma.$disconnect()
  process.exit(0)
}

/** As an application does that has more to end than its client. */
async function endOrderly(): Promise<void> {
  process.stderr.write('told to end\n')
  await prisma.$deferred.flush()
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  await prisma.$disconnect()
  process.exit(0)
}

/** A sink that defers a task when it is first asked to write what it has: one that takes longer than that. */
function deferring(): RecordSink {
  let isDone = false
  return {
    write: () => undefined,
    flush: async () => {
      if (isDone) return
      isDone = true
      await new Promise((resolve) => setTimeout(resolve, 20))
      void prisma.$deferred(async () => {
        await new Promise((resolve) => setTimeout(resolve, 50))
        await prisma.tag.create({ data: { name: 'late' } })
      })
    },
  }
}
