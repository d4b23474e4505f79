import type { LiveCall } from '@prisma-brisk/slow-query'
import { nameOf } from './folded-calls.ts'

/** Calls that failed alike, from one place. */
export interface Failure {
  /** `Tag.create` */
  readonly name: string
  readonly callSite: string | null
  readonly count: number
  /** `P2002, 23505`, else the class of the error. */
  readonly code: string
  /** What the code means, and what to do; null for one that is not known here. */
  readonly meaning: string | null
  /** Number of the first such call. */
  readonly call: number
}

/** What failed, in the order in which it was called. */
export function failuresOf(timeline: readonly LiveCall[]): Failure[] {
  const failures = new Map<string, Failure>()
  for (const call of timeline) {
    if (call.error === undefined) continue
    const { name: errorName, code, driverCode } = call.error
    const codes = [code, driverCode].filter((each) => each !== undefined)
    const name = nameOf(call)
    const said = codes.length === 0 ? errorName : codes.join(', ')
    const key = `${name} ${call.callSite} ${said}`
    const known = failures.get(key)
    failures.set(
      key,
      known === undefined
        ? {
            name,
            callSite: call.callSite,
            count: 1,
            code: said,
            meaning: codes.map((each) => MEANINGS[each]).find((each) => each !== undefined) ?? null,
            call: call.call,
          }
        : { ...known, count: known.count + 1 },
    )
  }
  return [...failures.values()]
}

const UNIQUE = 'a row with these unique values exists: write it with upsert, or answer that it is taken'
const REFERENCE =
  'a foreign key does not hold: the row that it names does not exist, or rows name the one that is deleted. Write the other row first, or see onDelete'
const CONFLICT = 'another transaction wrote the same rows, or both waited for each other: run it again'
const MISSING =
  'the database has no such table or column: run npx prisma migrate dev, then npx prisma generate'
const REQUIRED = 'a column that must have a value got none'
const NOT_REACHED = 'the database was not reached: look whether it runs, and at its address'

/** By Prisma's codes, and the SQLSTATEs and numbers that come without one. */
const MEANINGS: Readonly<Record<string, string>> = {
  P1001: NOT_REACHED,
  P1002: NOT_REACHED,
  P1017: 'the database closed the connection: run it again',
  P2000: 'a value is too long for its column',
  P2002: UNIQUE,
  P2003: REFERENCE,
  P2011: REQUIRED,
  P2014: REFERENCE,
  P2021: MISSING,
  P2022: MISSING,
  P2024: 'no connection became free in time: fewer calls at once, shorter transactions, or a larger pool',
  P2025: 'no row was found that has to be there: look for it first, or answer 404',
  P2028: 'the transaction took longer than its timeout, or had ended: keep other work out of it',
  P2034: CONFLICT,
  '23502': REQUIRED,
  '23503': REFERENCE,
  '23505': UNIQUE,
  '40001': CONFLICT,
  '40P01': CONFLICT,
  '42703': MISSING,
  '42P01': MISSING,
  '57014': 'the statement was cancelled, as by a timeout: see its plan',
  '1062': UNIQUE,
  '1205': CONFLICT,
  '1213': CONFLICT,
  '1451': REFERENCE,
  '1452': REFERENCE,
  SQLITE_CONSTRAINT_FOREIGNKEY: REFERENCE,
  SQLITE_CONSTRAINT_UNIQUE: UNIQUE,
}
