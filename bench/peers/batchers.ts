import DataLoader from 'dataloader'
import { brisk } from 'prisma-brisk'
import type { PrismaClient, User } from '../../prisma/generated/postgresql/client.ts'
import type { Check, Contender } from './contender.ts'
import { installedVersion } from './installed-version.ts'

/** Reads that are asked for one by one, at the same moment. */
export interface Batcher {
  userById(id: number): Promise<User | null>
  userByEmail(email: string): Promise<User | null>
  studentsOf(tutorId: number): Promise<User[]>
  countStudentsOf(tutorId: number): Promise<number>
}

/** Plain calls on any client. */
const calls = (prisma: PrismaClient): Batcher => ({
  userById: (id) => prisma.user.findUnique({ where: { id } }),
  userByEmail: (email) => prisma.user.findFirst({ where: { email } }),
  studentsOf: (tutorId) => prisma.user.findMany({ where: { tutorId }, orderBy: { id: 'asc' } }),
  countStudentsOf: (tutorId) => prisma.user.count({ where: { tutorId } }),
})

/** The textbook loader: one findMany, rows handed out through a Map. */
function handWritten(prisma: PrismaClient): Batcher {
  const one = <K>(field: 'id' | 'email') =>
    new DataLoader<K, User | null>(
      async (keys) => {
        const rows = await prisma.user.findMany({ where: { [field]: { in: [...keys] } } })
        const byKey = new Map(rows.map((row) => [row[field] as K, row]))
        return keys.map((key) => byKey.get(key) ?? null)
      },
      { cache: false },
    )
  const [byId, byEmail] = [one<number>('id'), one<string>('email')]
  const students = new DataLoader<number, User[]>(
    async (keys) => {
      const rows = await prisma.user.findMany({
        where: { tutorId: { in: [...keys] } },
        orderBy: { id: 'asc' },
      })
      const groups = grouped(rows)
      return keys.map((key) => groups.get(key) ?? [])
    },
    { cache: false },
  )
  return {
    userById: (id) => byId.load(id),
    userByEmail: (email) => byEmail.load(email),
    studentsOf: (tutorId) => students.load(tutorId),
    countStudentsOf: (tutorId) => prisma.user.count({ where: { tutorId } }),
  }
}

function grouped(rows: readonly User[]): Map<number | null, User[]> {
  const groups = new Map<number | null, User[]>()
  for (const row of rows) groups.set(row.tutorId, [...(groups.get(row.tutorId) ?? []), row])
  return groups
}

export const batchers: Contender<Batcher>[] = [
  {
    name: 'prisma-brisk',
    version: installedVersion('prisma-brisk'),
    mount: ({ client }) =>
      calls(
        client.$extends(
          brisk({ pagination: { onMissing: 'allow' }, slowQuery: { sinks: [] } }),
        ) as unknown as PrismaClient,
      ),
  },
  { name: 'plain Prisma', version: installedVersion('@prisma/client'), mount: ({ client }) => calls(client) },
  {
    name: 'dataloader, by hand',
    version: installedVersion('dataloader'),
    mount: ({ client }) => handWritten(client),
  },
]

export const batcherChecks: Check<Batcher>[] = [
  {
    id: 'B4',
    says: '50 lists by foreign key are one statement',
    holds: async (batcher, { log }) => {
      log.clear()
      const lists = await Promise.all(Array.from({ length: 50 }, (_, index) => batcher.studentsOf(index + 1)))
      return log.statements.length === 1 && lists[0]?.length === 99
    },
  },
  {
    id: 'B20',
    says: '50 counts are one statement',
    holds: async (batcher, { log }) => {
      log.clear()
      const counts = await Promise.all(
        Array.from({ length: 50 }, (_, index) => batcher.countStudentsOf(index + 1)),
      )
      return log.statements.length === 1 && counts[0] === 99 && counts[1] === 0
    },
  },
  {
    id: 'B2',
    says: 'one id asked twice gives two separate objects',
    holds: async (batcher) => {
      const [one, two] = await Promise.all([batcher.userById(1), batcher.userById(1)])
      if (one !== null) one.name = 'changed'
      return two?.name === 'user 1'
    },
  },
  {
    id: 'B8',
    says: 'one invalid key rejects its own caller only',
    holds: async (batcher) => {
      const settled = await Promise.allSettled([
        batcher.userById(1),
        batcher.userById('two' as never),
        batcher.userById(3),
      ])
      return settled.map((each) => each.status).join() === 'fulfilled,rejected,fulfilled'
    },
  },
  {
    id: 'B9',
    says: 'a key that the database matches by collation finds its row',
    holds: async (batcher, { database }) => {
      const plain = database.createClient()
      await plain.$executeRaw`CREATE COLLATION without_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`
      await plain.$executeRaw`ALTER TABLE "User" ALTER COLUMN email TYPE text COLLATE without_case`
      const [one, other] = await Promise.all([
        batcher.userByEmail('U1@EXAMPLE.ORG'),
        batcher.userByEmail('u2@example.org'),
      ])
      return one?.id === 1 && other?.id === 2
    },
  },
  {
    id: 'B30',
    says: '40,000 keys at once are answered',
    holds: async (batcher) => {
      const rows = await Promise.all(
        Array.from({ length: 40_000 }, (_, index) => batcher.studentsOf(index + 1)),
      )
      return rows[0]?.length === 99
    },
  },
]
