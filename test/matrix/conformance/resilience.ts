import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { recordStatements } from '../../support/statements.ts'
import { checks, failsWith, people, same, type Given } from './checks.ts'

/** The adapter under test, whose statements take as long as `before` does, or fail with what it throws. */
function disturbed(given: Given, before: (sql: string) => void | Promise<void>): SqlDriverAdapterFactory {
  return recordStatements(given.adapter(), { before: ({ sql }) => before(sql) }).adapter
}

/** As a driver adapter says that the database has chosen this transaction to undo. */
function conflict(adapterError: string): Error {
  return Object.assign(new Error(adapterError), {
    name: 'DriverAdapterError',
    cause: { kind: 'TransactionWriteConflict', originalCode: '40001', originalMessage: adapterError },
  })
}

export const resilienceChecks = checks('resilience', (check) => {
  check('R1 an operation over its timeout fails with a code, and the client goes on', async (given) => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    let slow = true
    const adapter = disturbed(given, () => (slow ? held : undefined))
    const prisma = given
      .client({ adapter })
      .$extends(given.suite.resilience({ timeouts: { 'Tag.count': 50 } }))
    await failsWith('E_QUERY_TIMEOUT', () => prisma.tag.count())
    slow = false
    release()
    same(await prisma.tag.findMany(), [])
  })

  check(
    'R1 a statement over its timeout is stopped on the server',
    async (given) => {
      const base = given.client()
      const prisma = base.$extends(given.suite.resilience({ timeout: 200 }))
      await prisma.tag.count()
      const started = Date.now()
      const sleep = given.provider === 'mysql' ? 'SELECT SLEEP(20)' : 'SELECT 1 FROM pg_sleep(20)'
      await failsWith('E_QUERY_TIMEOUT', () => prisma.$queryRawUnsafe(sleep))
      same(Date.now() - started < 10_000, true, 'ended in time')
      same(await prisma.tag.count(), 0)
    },
    'slowStatements',
  )

  check('R1 withLimits gives one piece of work another timeout, and an AbortSignal', async (given) => {
    const prisma = given.client().$extends(given.suite.resilience())
    const { withLimits } = given.suite
    const signal = AbortSignal.abort(new Error('gone'))
    await failsWith('E_QUERY_ABORTED', () => withLimits({ signal }, () => prisma.tag.count()))
    same(await withLimits({ timeout: 10_000 }, () => prisma.tag.count()), 0)
  })

  check('R2 what the database has undone is sent again, outside transactions', async (given) => {
    let failures = 2
    const adapter = disturbed(given, (sql) => {
      if (/^select/i.test(sql) && failures > 0) {
        failures--
        throw conflict('could not serialize access')
      }
    })
    const prisma = given
      .client({ adapter })
      .$extends(given.suite.resilience({ retry: { attempts: 3, baseDelay: 1, maxDelay: 2 } }))
    same([await prisma.tag.count(), failures], [0, 0])
    failures = 1
    const plain = given.client({ adapter }).$extends(given.suite.resilience())
    await failsWith('P2034', () => plain.tag.count())
  })

  check('R3 $deferred runs after, in order, and $disconnect waits for it', async (given) => {
    const prisma = given.client().$extends(given.suite.resilience())
    for (const name of ['one', 'two', 'three'])
      void prisma.$deferred(() => prisma.tag.create({ data: { name } }))
    await prisma.$disconnect()
    same(
      (await given.client().tag.findMany({ orderBy: { id: 'asc' } })).map(({ name }) => name),
      ['one', 'two', 'three'],
    )
    same(prisma.$deferred.stats().completed, 3)
  })

  check('R3 a deferred failure never reaches the request', async (given) => {
    const base = given.client()
    await people(given, 'ada')
    const prisma = base.$extends(given.suite.resilience())
    await prisma.$deferred(() => prisma.user.create({ data: { name: 'x', email: 'ada@example.org' } }))
    await prisma.$deferred.flush()
    same(prisma.$deferred.stats().failed, 1)
  })
})
