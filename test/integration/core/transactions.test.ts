import { TransactionRegistry } from '@prisma-brisk/core'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { mountProbe, watchOutcomes } from './support/probe.ts'

const person = (name: string) => ({ data: { name, email: `${name}@example.org` } })

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('after-commit callbacks on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let log: string[]
  let prisma: PrismaClient

  beforeAll(async () => {
    database = await createDatabase(provider)
  })
  afterAll(() => database.drop())
  beforeEach(async () => {
    log = []
    prisma = mountProbe(database.createClient(), watchOutcomes(log))
    await prisma.user.deleteMany()
  })
  afterEach(() => prisma.$disconnect())

  test('a write on its own calls back before its promise resolves', async () => {
    await prisma.user.create(person('ada'))
    expect(log).toEqual(['ada committed'])
  })

  test('a failed write calls nothing back', async () => {
    await prisma.user.create(person('ada'))
    await expect(prisma.user.create(person('ada'))).rejects.toMatchObject({ code: 'P2002' })
    expect(log).toEqual(['ada committed'])
  })

  test('an interactive transaction calls back after COMMIT and before its promise resolves', async () => {
    const during = await prisma.$transaction(async (tx) => {
      await tx.user.create(person('ada'))
      await tx.user.create(person('bob'))
      return [...log]
    })
    expect(during).toEqual([])
    expect(log).toEqual(['ada committed', 'bob committed'])
  })

  test('an interactive transaction that throws calls only the rollback callbacks', async () => {
    const failing = prisma.$transaction(async (tx) => {
      await tx.user.create(person('ada'))
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(log).toEqual(['ada rolledBack'])
  })

  test('a transaction that runs out of time counts as rolled back', async () => {
    const late = prisma.$transaction(
      async (tx) => {
        await tx.user.create(person('ada'))
        await tx.user.findFirst()
        while (log.length === 0) await new Promise((resolve) => setImmediate(resolve))
        await tx.user.create(person('bob'))
      },
      // Long enough for the first statements on a busy machine.
      { timeout: 1000 },
    )
    await expect(late).rejects.toMatchObject({ code: 'P2028' })
    expect(log).toEqual(['ada rolledBack'])
  })

  test('a nested transaction that rolls back takes back only its own work', async () => {
    await prisma.$transaction(async (tx) => {
      await tx.user.create(person('ada'))
      await nested(tx, async (inner) => {
        await inner.user.create(person('bob'))
        throw new Error('inner')
      }).catch(() => undefined)
      await nested(tx, (inner) => inner.user.create(person('cyd')))
      await tx.user.create(person('dan'))
    })
    expect(log).toEqual(['bob rolledBack', 'ada committed', 'cyd committed', 'dan committed'])
    expect(await names(prisma)).toEqual(['ada', 'cyd', 'dan'])
  })

  test('a nested transaction opened before the first statement is followed as well', async () => {
    await prisma.$transaction(async (tx) => {
      await nested(tx, async (inner) => {
        await inner.user.create(person('ada'))
        throw new Error('inner')
      }).catch(() => undefined)
      await tx.user.create(person('bob'))
    })
    expect(log).toEqual(['ada rolledBack', 'bob committed'])
    expect(await names(prisma)).toEqual(['bob'])
  })

  test('an array transaction calls back for each member once all are committed', async () => {
    await prisma.$transaction([prisma.user.create(person('ada')), prisma.user.create(person('bob'))])
    expect(log).toEqual(['ada committed', 'bob committed'])
    const failing = prisma.$transaction([
      prisma.user.create(person('cyd')),
      prisma.user.create(person('ada')),
    ])
    await expect(failing).rejects.toMatchObject({ code: 'P2002' })
    // Prisma answers the first member although its row was rolled back with the others.
    expect(log).toEqual(['ada committed', 'bob committed', 'cyd rolledBack'])
    expect(await names(prisma)).toEqual(['ada', 'bob'])
  })

  test('a client that had connected before it was extended is followed through the engine', async () => {
    const base = database.createClient()
    await base.$connect()
    const late = mountProbe(base, watchOutcomes(log))
    await late.$transaction(async (tx) => {
      await tx.user.create(person('ada'))
      await nested(tx, async (inner) => {
        await inner.user.create(person('bob'))
        throw new Error('inner')
      }).catch(() => undefined)
    })
    await late.$transaction([late.user.create(person('cyd'))])
    expect(log).toEqual(['bob rolledBack', 'ada committed', 'cyd committed'])
  })

  test('nothing is kept of transactions that have ended', async () => {
    let open = -1
    const watched = mountProbe(database.createClient(), (host) => async (call, next) => {
      open = TransactionRegistry.of(host).size
      return next(call)
    })
    for (let round = 0; round < 20; round++) {
      await watched.$transaction(async (tx) => tx.user.count())
      await watched.$transaction([watched.user.count(), watched.user.count()])
    }
    await watched.user.count()
    expect(open).toBe(0)
  })
})

describe('COMMIT that does not go through', () => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase('postgresql')
  })
  afterAll(() => database.drop())

  test('a constraint checked at COMMIT rolls back; a connection lost at COMMIT leaves the outcome unknown', async () => {
    const log: string[] = []
    const prisma = mountProbe(database.createClient(), watchOutcomes(log))
    await prisma.$executeRawUnsafe(
      'ALTER TABLE "User" ADD CONSTRAINT late UNIQUE (name) DEFERRABLE INITIALLY DEFERRED',
    )
    await prisma.user.create(person('ada'))
    const refused = prisma.$transaction(async (tx) => {
      await tx.user.create({ data: { name: 'ada', email: 'second@example.org' } })
    })
    await expect(refused).rejects.toThrow()
    expect(log).toEqual(['ada committed', 'ada rolledBack'])

    log.length = 0
    const other = database.createClient()
    const lost = prisma.$transaction(async (tx) => {
      await tx.user.create(person('bob'))
      const [{ pid }] = await tx.$queryRaw<[{ pid: number }]>`SELECT pg_backend_pid() AS pid`
      await other.$queryRaw`SELECT pg_terminate_backend(${pid}::int)`
    })
    await expect(lost).rejects.toThrow()
    expect(log).toEqual(['bob unknown'])
  })
})

async function names(prisma: PrismaClient): Promise<string[]> {
  const users = await prisma.user.findMany({ orderBy: { name: 'asc' } })
  return users.map((user) => user.name)
}

type Transaction = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0]

/** Prisma 7.10 opens a savepoint for a transaction inside a transaction; its types do not say so yet. */
function nested<R>(tx: object, work: (inner: Transaction) => Promise<R>): Promise<R> {
  return (tx as { $transaction(work: (inner: Transaction) => Promise<R>): Promise<R> }).$transaction(work)
}
