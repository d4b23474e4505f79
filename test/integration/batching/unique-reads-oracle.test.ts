import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider } from '../../support/databases.ts'
import { forSeeds } from '../../support/random.ts'
import { uniqueReadSources, randomUniqueReads } from './support/unique-reads.ts'
import { printedOutcome, type OracleCall } from './support/oracle.ts'

/** Thousands (`BRISK_SEEDS`) run through the night. */
const SEEDS = 400
const BUDGET = { seconds: 10, atLeast: 80 }

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('unique reads on %s', (provider) => {
  test('KR28 KF5 KB18 findUnique of any shape costs no more statements than plain Prisma sends, and answers as it does alone', async () => {
    const database = await createDatabase(provider, { seed: 0.01 })
    try {
      const { client, log } = database.createRecordedClient({ errorFormat: 'minimal' })
      const plain = client.$extends({ result: { user: computed } }) as unknown as PrismaClient
      const extended = plain.$extends(batching())
      const { $batching } = extended
      const batched = extended as unknown as PrismaClient
      /** What each call answers, and how many statements they took. */
      const ask = async (on: object, calls: readonly OracleCall[]) => {
        log.clear()
        const answers = await Promise.all(calls.map((call) => printedOutcome(on, call)))
        return { answers, statements: log.statements.filter(({ sql }) => !CATALOG.test(sql)).length }
      }
      const sources = await uniqueReadSources(plain)
      await forSeeds(
        SEEDS,
        async (random) => {
          const calls = randomUniqueReads(random, sources)
          const alone: string[] = []
          const statementsOf = new Map<OracleCall, number>()
          for (const call of calls) {
            const { answers, statements } = await ask(plain, [call])
            alone.push(...answers)
            statementsOf.set(call, statements)
          }
          const atOnce = await ask(plain, calls)
          const inside = random.chance(0.2) && !alone.some((answer) => /Error /.test(answer))
          const given = inside
            ? await batched.$transaction((tx) => ask(tx, calls), { timeout: 60_000, maxWait: 60_000 })
            : await ask(batched, calls)
          for (const [index, answer] of given.answers.entries())
            if (answer !== alone[index])
              throw new Error(`${index}: ${answer}\nalone ${alone[index]}\n${told(calls)}`)
          const isMissed = (_: unknown, index: number) => /^null$|P2025/.test(alone[index] as string)
          const isWrong = (_: unknown, index: number) =>
            sorted(alone[index]) !== sorted(atOnce.answers[index])
          // Asked again: what Prisma's own batch gets wrong, what it misses and might have got wrong, one `OrThrow`.
          const again = calls.filter(
            (call, index) => isWrong(call, index) || (isMissed(call, index) && !isExact(call)),
          )
          const throws = calls.filter(isMissed).some(({ operation }) => operation.endsWith('OrThrow'))
          const asked = again.reduce((sum, call) => sum + (statementsOf.get(call) as number), 0)
          const most = atOnce.statements + asked + Number(throws)
          if (given.statements > most && !calls.some(contradictsItself))
            throw new Error(
              `${given.statements} statements, not ${most}\n${told(calls)}\n${log.sql().join('\n')}`,
            )
        },
        BUDGET,
      )
      const { batched: merged, statements } = $batching.stats()
      expect(merged).toBeGreaterThan(statements)
    } finally {
      await database.drop()
    }
  }, 7_200_000)
})

/** Read from columns that are not asked for. */
const computed = {
  label: {
    needs: { name: true, role: true },
    compute: (user: { name: string; role: string }) => `${user.name} (${user.role})`,
  },
}

const CATALOG = /pg_catalog|information_schema|current_schema/i

/** Prisma's own batch gives all its callers the order of one of them. */
const sorted = (text = ''): string => text.split('').sort().join('')

/** Whether values are equal in JavaScript exactly where they are equal in every database. */
const isExact = ({ args }: OracleCall): boolean => !/"[^"]*[^A-Z"][^"]*"(?!:)/.test(show(args['where']))

/** Two values for one field: Prisma's own batch looks at one of them, so such calls are sent alone. */
const contradictsItself = ({ args }: OracleCall): boolean => {
  const where = args['where'] as Record<string, unknown>
  return Object.values(where).some(
    (key) =>
      typeof key === 'object' &&
      key !== null &&
      Object.entries(key).some(([name, value]) => name in where && where[name] !== value),
  )
}

const told = (calls: readonly OracleCall[]): string =>
  calls.map(({ model, operation, args }) => `${model}.${operation}(${show(args)})`).join('\n')

const show = (args: unknown): string =>
  JSON.stringify(args, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
