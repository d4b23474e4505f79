/** What the first code that is known here means, and what to do; null where none is. */
export function meaningOf(codes: readonly string[]): string | null {
  return codes.map((code) => MEANINGS[code]).find((meaning) => meaning !== undefined) ?? null
}

const UNIQUE = 'a row with these unique values exists: write it with upsert, or answer that it is taken'
const REFERENCE =
  'a foreign key does not hold: the row that it names does not exist, or rows name the one that is deleted. Write the other row first, or see onDelete'
const CONFLICT = 'another transaction wrote the same rows, or both waited for each other: run it again'
const MISSING =
  'the database has no such table or column: run npx prisma migrate dev, then npx prisma generate'
const REQUIRED = 'a column that must have a value got none'
const NOT_REACHED = 'the database was not reached: look whether it runs, and at its address'

/** What Prisma's codes mean and what to do, and the SQLSTATEs and numbers that come without one. */
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
