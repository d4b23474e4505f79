import { brisk, withLimits } from 'prisma-brisk'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../support/databases.ts'

/** A read that several callers share is nobody's: what one caller's limits do to it ends that caller's wait only. */

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  await database.createClient().user.create({ data: { id: 9, name: 'Ada', email: 'ada@example.org' } })
})
afterAll(() => database.drop())

/** Holds the table back until it is released. */
async function lockTable(): Promise<() => Promise<void>> {
  let open = (): void => undefined
  const gate = new Promise<void>((resolve) => (open = resolve))
  let locked = (): void => undefined
  const isLocked = new Promise<void>((resolve) => (locked = resolve))
  const holding = database.createClient().$transaction(
    async (tx) => {
      await tx.$executeRaw`LOCK TABLE "User" IN ACCESS EXCLUSIVE MODE`
      locked()
      await gate
    },
    { timeout: 60_000 },
  )
  await isLocked
  return async () => {
    open()
    await holding
  }
}

const cacheStrategy = { ttl: 60 }
const reads = {
  findUnique: (prisma: ReturnType<typeof mount>) =>
    prisma.user.findUnique({ where: { id: 9 }, cacheStrategy }),
  findFirst: (prisma: ReturnType<typeof mount>) =>
    prisma.user.findFirst({ where: { name: 'Ada' }, orderBy: { id: 'asc' }, cacheStrategy }),
  findMany: (prisma: ReturnType<typeof mount>) =>
    prisma.user.findMany({ where: { name: 'Ada' }, cacheStrategy }),
}
const mount = (batching: {} | false) =>
  database.createClient().$extends(brisk({ batching, slowQuery: { sinks: [] } }))

describe.each([
  ['with batching', {}],
  ['without batching', false],
] as const)('%s', (_, batching) => {
  test.each(Object.entries(reads))(
    'KP4 a %s that its first caller gives up is read for the others all the same',
    async (_name, read) => {
      for (const limits of [() => ({ signal: AbortSignal.timeout(200) }), () => ({ timeout: 200 })]) {
        const prisma = mount(batching)
        const release = await lockTable()
        const first = withLimits(limits(), async () => await read(prisma)).then(
          () => null,
          (error: { code?: string }) => error.code,
        )
        const others = [1, 2, 3].map(async () => await read(prisma))
        expect(await first).toMatch(/^E_QUERY_(ABORTED|TIMEOUT)$/)
        await release()
        for (const answer of await Promise.all(others)) {
          const [row] = [answer].flat()
          expect(row).toMatchObject({ id: 9, name: 'Ada' })
        }
        await prisma.$disconnect()
      }
    },
  )
})
