import { isDeepStrictEqual } from 'node:util'

import type { PrismaClient } from '../prisma/client.ts'
import type { StatementLog } from '../test/support/statements.ts'
import type { DemoCase, Outcome } from './demo-case.ts'
import type { DemoClients } from './demo-clients.ts'

export interface CaseReport {
  name: string
  origin: string
  plain: Figures
  brisk: Figures
  /** `brisk` again, once the advised indexes were there; null where they have nothing to do with it. */
  indexed: Figures | null
  improved: boolean
  /** Why not, where it did not improve; a remark where it did and there is one. */
  note: string | null
}

export type Figures = Omit<Outcome, 'result'>

/** A case on its way: measured as the database stood, still to be measured with the advised indexes. */
export interface MeasuredCase {
  /** Measures again and judges. */
  conclude(): Promise<CaseReport>
}

const ROUNDS = 3

/** Runs a case on both clients in turn and takes the medians, once each is warm: the first run compiles, plans and learns. */
export async function measureCase(demoCase: DemoCase, clients: DemoClients): Promise<MeasuredCase> {
  await runPlain(demoCase, clients)
  await runBrisk(demoCase, clients)
  const rounds: { plain: Outcome; brisk: Outcome }[] = []
  for (let round = 0; round < ROUNDS; round++)
    rounds.push({ plain: await runPlain(demoCase, clients), brisk: await runBrisk(demoCase, clients) })
  const plain = median(rounds.map((round) => round.plain))
  const brisk = median(rounds.map((round) => round.brisk))
  const same = await answerAlike(demoCase, clients, plain, brisk)
  return {
    async conclude() {
      const indexed = demoCase.wantsIndex === true ? await runIndexed(demoCase, clients) : brisk
      const stillSame = same && (await answerAlike(demoCase, clients, plain, indexed))
      const objection = stillSame ? demoCase.judge(plain, brisk, indexed) : 'the answers differ'
      return {
        name: demoCase.name,
        origin: demoCase.origin,
        plain: figures(plain),
        brisk: figures(brisk),
        indexed: indexed === brisk ? null : figures(indexed),
        improved: objection === null,
        note: objection ?? demoCase.remark?.(plain, brisk) ?? null,
      }
    },
  }
}

async function runPlain(demoCase: DemoCase, { plain }: DemoClients): Promise<Outcome> {
  await demoCase.before?.(plain.prisma)
  return measure(plain.log, () => demoCase.plain(plain.prisma))
}

async function runBrisk(demoCase: DemoCase, { brisk }: DemoClients): Promise<Outcome> {
  const { prisma, log } = brisk
  await prisma.$cache.invalidateAll()
  await demoCase.before?.(prisma as unknown as PrismaClient)
  return measure(
    log,
    () => demoCase.brisk?.(prisma) ?? demoCase.plain(prisma as unknown as PrismaClient),
    () => demoCase.afterwards?.(prisma),
  )
}

async function runIndexed(demoCase: DemoCase, clients: DemoClients): Promise<Outcome> {
  await runBrisk(demoCase, clients)
  return median(await repeat(ROUNDS, () => runBrisk(demoCase, clients)))
}

async function measure(
  log: StatementLog,
  fn: () => Promise<unknown>,
  afterwards: () => Promise<unknown> | undefined = () => undefined,
): Promise<Outcome> {
  log.clear()
  const started = performance.now()
  const result = await fn()
  const milliseconds = performance.now() - started
  await afterwards()
  const sum = (value: 'rows' | 'bytes'): number =>
    log.statements.reduce(
      (total, statement) => total + (statement.kind === 'query' ? statement[value] : 0),
      0,
    )
  return {
    result,
    milliseconds,
    statements: log.statements.length,
    rows: sum('rows'),
    megabytes: sum('bytes') / 1e6,
  }
}

async function answerAlike(
  demoCase: DemoCase,
  { plain }: DemoClients,
  a: Outcome,
  b: Outcome,
): Promise<boolean> {
  const witness = ({ result }: Outcome): unknown =>
    demoCase.witness === undefined ? result : demoCase.witness(plain.prisma, result)
  return isDeepStrictEqual(await witness(a), await witness(b))
}

async function repeat<T>(times: number, fn: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  while (results.length < times) results.push(await fn())
  return results
}

function median(outcomes: readonly Outcome[]): Outcome {
  const sorted = outcomes.toSorted((a, b) => a.milliseconds - b.milliseconds)
  return sorted[Math.floor(sorted.length / 2)]!
}

function figures({ statements, rows, milliseconds, megabytes }: Outcome): Figures {
  return { statements, rows, milliseconds, megabytes }
}
