import { resilience } from '@prisma-brisk/resilience'
import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'

describe.each<Provider>(['postgresql', 'mysql'])('$retryTransaction on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase(provider)
  })
  afterAll(() => database.drop())

  const fast = { baseDelay: 1, maxDelay: 20, attempts: 10 }
  const open = () => database.createClient({ adapter: database.adapter({ connections: 4 }) })
  const user = (client: PrismaClient, balance: number) =>
    client.user.create({ data: { email: `${Math.random()}@example.org`, name: 'Ada', balance } })

  test('two that undo each other both come through, each as a whole', async () => {
    const base = open()
    const prisma = base.$extends(resilience())
    const { id } = await user(base, 100)
    const other = await user(base, 100)
    let attempts = 0
    // Each locks a row, waits for the other to have done so, and then wants the other's: a deadlock.
    const both = { first: latch(), second: latch() }
    const move = (from: number, to: number, mine: Latch, theirs: Promise<void>) =>
      prisma.$retryTransaction(async (tx) => {
        attempts++
        await tx.user.update({ where: { id: from }, data: { balance: { decrement: 10 } } })
        mine.open()
        await theirs
        await tx.user.update({ where: { id: to }, data: { balance: { increment: 10 } } })
        return from
      }, fast)
    const moved = await Promise.all([
      move(id, other.id, both.first, both.second.opened),
      move(other.id, id, both.second, both.first.opened),
    ])
    expect(moved).toEqual([id, other.id])
    expect(attempts).toBeGreaterThan(2)
    const rows = await base.user.findMany({ where: { id: { in: [id, other.id] } } })
    expect(rows.map(({ balance }) => Number(balance))).toEqual([100, 100])
  })

  test('serializable read and write: no update is lost, with the whole suite', async () => {
    const base = open()
    const prisma = base.$extends(
      brisk({ slowQuery: { sinks: [] }, cache: { models: { User: { ttl: 60 } } } }),
    )
    const { id } = await user(base, 0)
    await prisma.user.findUnique({ where: { id } })
    const add = () =>
      prisma.$retryTransaction(
        async (tx) => {
          const { balance } = await tx.user.findUniqueOrThrow({ where: { id } })
          await tx.user.update({ where: { id }, data: { balance: Number(balance) + 1 } })
        },
        { ...fast, attempts: 20, isolationLevel: 'Serializable', timeout: 30_000, maxWait: 30_000 },
      )
    await Promise.all([add(), add(), add()])
    expect(Number((await prisma.user.findUniqueOrThrow({ where: { id } })).balance)).toBe(3)
  })

  test('gives up after its attempts, with the error of the last one', async () => {
    const prisma = open().$extends(resilience())
    let attempts = 0
    const conflict = () => {
      attempts++
      throw Object.assign(new Error(`conflict ${attempts}`), { code: 'P2034', clientVersion: '7', meta: {} })
    }
    const given = prisma.$retryTransaction(async () => conflict(), { attempts: 3, baseDelay: 1, maxDelay: 2 })
    await expect(given).rejects.toThrow(attempts === 0 ? /conflict/ : 'conflict 3')
    expect(attempts).toBe(3)
  })

  test("errors of the caller's own, and all that the database did not undo, are thrown at once", async () => {
    const base = open()
    const prisma = base.$extends(resilience())
    const { email } = await user(base, 1)
    let attempts = 0
    await expect(
      prisma.$retryTransaction(async (tx) => {
        attempts++
        await tx.user.create({ data: { email, name: 'twice' } })
      }, fast),
    ).rejects.toMatchObject({ code: 'P2002' })
    const own = new Error('sold out')
    await expect(
      prisma.$retryTransaction(async () => {
        attempts++
        throw own
      }, fast),
    ).rejects.toBe(own)
    expect(attempts).toBe(2)
  })

  test('is refused within a transaction, and for what cannot be run again', async () => {
    const prisma = open().$extends(resilience())
    const nested = prisma.$transaction((tx) =>
      (tx as unknown as typeof prisma).$retryTransaction(async () => 1),
    )
    await expect(nested).rejects.toMatchObject({ code: 'E_NESTED_RETRY' })
    const list = [prisma.user.count()] as unknown as () => Promise<number>
    await expect(prisma.$retryTransaction(list)).rejects.toMatchObject({ code: 'E_INVALID_OPTIONS' })
    await expect(prisma.$retryTransaction(async () => 1, { attempts: 0 })).rejects.toMatchObject({
      code: 'E_INVALID_OPTIONS',
    })
    expect(await prisma.$retryTransaction((tx) => tx.user.count())).toBeGreaterThanOrEqual(0)
  })
})

interface Latch {
  readonly opened: Promise<void>
  open(): void
}

function latch(): Latch {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}
