import { BriskError, failureOutcome, type Call } from '@prisma-brisk/core'
import { isUnreachable, mayHaveWritten } from '../src/database-failure.ts'

const known = (code: string, cause?: object) => ({
  name: 'PrismaClientKnownRequestError',
  code,
  ...(cause === undefined ? {} : { meta: { driverAdapterError: { cause } } }),
})

/** What a call says of where it was made. */
const call = (kind = 'none', hasForeignBehind = false) =>
  ({ transaction: { kind }, hasForeignBehind }) as unknown as Call

class StoppedError extends BriskError {
  override get [failureOutcome]() {
    return 'open' as const
  }
}

/** As Prisma 7.10 reports them when a connection is closed or killed while an UPDATE waits for a lock. */
const mariadbLost = { kind: 'mysql', originalCode: '45009', state: '08S01' }
const postgresKilled = { kind: 'postgres', originalCode: '57P01' }

test.each<[string, unknown]>([
  ['a connection lost at any point', known('P1017')],
  ['MariaDB, a socket that closed', known('P2039', mariadbLost)],
  ['MariaDB, the same of a raw statement', known('P2010', mariadbLost)],
  ['PostgreSQL, shut down', known('P2039', postgresKilled)],
  ['PostgreSQL, the same of a raw statement', known('P2010', postgresKilled)],
  ['a raw statement whose socket was reset', known('P2010', { kind: 'ConnectionClosed' })],
  ['a raw statement that timed out', known('P2010', { kind: 'SocketTimeout' })],
  ['what the driver throws itself', new Error('Connection terminated unexpectedly')],
  ['an error of the suite that says so, such as a deadline', new StoppedError('E_STOPPED', 'Stopped.')],
  ['KC4 an answer that cannot be read', known('P2023')],
  ['KC7 an error of the application with a code like ours', { code: 'E_NOT_ALLOWED' }],
  ['an error of no known class', { code: 'P2999' }],
  ['nothing at all', undefined],
])('C6 C11 a write may have happened after %s', (_, error) => {
  expect(mayHaveWritten(error, call())).toBe(true)
})

const refusals: [string, unknown][] = [
  ['a unique constraint', known('P2002', { kind: 'UniqueConstraintViolation', originalCode: '23505' })],
  ['a row that is not there', known('P2025')],
  ['a database error without a name', known('P2039', { kind: 'postgres', originalCode: '22012' })],
  ['a raw statement that is wrong', known('P2010', { kind: 'postgres', originalCode: '42601' })],
  ['a deadlock', known('P2034', { kind: 'TransactionWriteConflict', originalCode: '40P01' })],
  ['arguments that are wrong', { name: 'PrismaClientValidationError' }],
  ['a refusal of this suite', new BriskError('E_LIMIT_EXCEEDED', 'Too many.')],
]

test.each(refusals)('C6 a write that stood alone has certainly not happened after %s', (_, error) => {
  expect(mayHaveWritten(error, call())).toBe(false)
})

test.each(refusals)(
  'KC2 KC9 its part may be kept within a transaction, or behind a hook, after %s',
  (_, error) => {
    expect(mayHaveWritten(error, call('interactive'))).toBe(true)
    expect(mayHaveWritten(error, call('none', true))).toBe(true)
  },
)

test('a database that cannot be asked is told from one that refuses', () => {
  // MariaDB: no connection could be had from the pool.
  expect(isUnreachable(known('P2039', { kind: 'mysql', originalCode: '45028' }))).toBe(true)
  expect(isUnreachable(known('P1001'))).toBe(true)
  expect(isUnreachable(known('ECONNREFUSED'))).toBe(true)
  expect(isUnreachable(known('P2039', postgresKilled))).toBe(true)
  expect(isUnreachable(known('P2039', { kind: 'postgres', originalCode: '42501' }))).toBe(false)
  expect(isUnreachable(known('P2022'))).toBe(false)
})
