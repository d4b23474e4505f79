import type { PrismaClient } from '../prisma/client.ts'
import type { BriskPrisma } from './demo-clients.ts'

/** One thing that hurt in one of the five applications: the code as it stood there, and what the suite makes of it. */
export interface DemoCase<Result = unknown> {
  name: string
  /** The figures of the report it comes from. */
  origin: string
  plain(prisma: PrismaClient): Promise<Result>
  /** What has happened before: neither counted nor timed. */
  before?(prisma: PrismaClient): Promise<unknown>
  /** The code where a line of it changes. Without it the very same code runs on both clients. */
  brisk?(prisma: BriskPrisma): Promise<Result>
  /** What runs after the response: its statements count, its time does not. */
  afterwards?(prisma: BriskPrisma): Promise<unknown>
  /** What to compare, where it is not the results themselves; read with the plain client, neither counted nor timed. */
  witness?(prisma: PrismaClient, result: Result): Promise<unknown>
  /** Its queries look for what an index finds: it is measured again once the advised indexes are there. */
  wantsIndex?: boolean
  /** Why this is no improvement; null when it is. `indexed` is `brisk` with the advised indexes, if wanted. */
  judge(plain: Outcome<Result>, brisk: Outcome<Result>, indexed: Outcome<Result>): string | null
  /** Something worth a line under the table. */
  remark?(plain: Outcome<Result>, brisk: Outcome<Result>): string
}

export interface Outcome<Result = unknown> {
  result: Result
  statements: number
  /** Rows the driver returned. */
  rows: number
  milliseconds: number
  /** Of the values the driver returned. */
  megabytes: number
}

/** Declares a case; the list of cases does not care what each returns. */
export function demoCase<Result>(definition: DemoCase<Result>): DemoCase {
  return definition
}

/** The usual judgement: no more statements than `limit`, and faster. */
export function fewerStatements(limit: number): DemoCase['judge'] {
  return (plain, brisk) => tooMany(brisk, limit) ?? slower(plain, brisk)
}

export function tooMany({ statements }: Outcome, limit: number): string | null {
  return statements > limit ? `${statements} statements, at most ${limit} wanted` : null
}

export function slower(plain: Outcome, brisk: Outcome): string | null {
  if (brisk.milliseconds < plain.milliseconds) return null
  return `not faster: ${brisk.milliseconds.toFixed(1)} ms against ${plain.milliseconds.toFixed(1)} ms`
}
