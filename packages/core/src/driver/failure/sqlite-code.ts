import { REFUSED, UNKNOWN, UNREACHABLE, type Judgement } from './failure.ts'

export function bySqliteCode(code: number): Judgement {
  // RAISE(FAIL) keeps what the statement had done before; its code is that of RAISE(ABORT).
  if (code === SQLITE_CONSTRAINT_TRIGGER) return UNKNOWN
  const primary = code & 0xff
  if (primary === 5 || primary === 6) return { outcome: 'refused', reason: 'lock' }
  if (primary === 9) return { outcome: 'open', reason: 'cancelled' }
  if (primary === 14) return UNREACHABLE
  return refusedBySqlite.has(primary) ? REFUSED : UNKNOWN
}

export const SQLITE_CONSTRAINT_TRIGGER = 1811

/** better-sqlite3 gives names. */
export function sqliteCodeOf(name: string): number {
  if (name === 'SQLITE_CONSTRAINT_TRIGGER') return SQLITE_CONSTRAINT_TRIGGER
  const primary = /^SQLITE_([A-Z]+)/.exec(name)?.[1] ?? ''
  return sqliteNames.indexOf(primary)
}

/** In the order of their codes, from 0. */
const sqliteNames =
  'OK ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL EMPTY SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB'.split(
    ' ',
  )

/** ERROR, PERM, READONLY, TOOBIG, CONSTRAINT, MISMATCH, MISUSE, AUTH, RANGE. */
const refusedBySqlite = new Set([1, 3, 8, 18, 19, 20, 21, 23, 25])
