import { pagination } from '@prisma-brisk/pagination'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { forSeeds, type Random } from '../../support/random.ts'
import type { StatementLog } from '../../support/statements.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { seedLearning } from './support/learning-data.ts'

/**
 * The cut oracle: whatever is selected, however it is ordered, skipped, made distinct or started from a cursor, a limited client gives
 * what plain Prisma gives, and no statement reads more rows than its lists may have.
 */

interface ModelShape {
  /** Columns to order and to be distinct by. */
  columns: string[]
  /** Unique columns, for the end of an order. */
  id: string[]
  /** A random cursor. */
  cursor(random: Random): object
  lists: Record<string, string>
  ones: Record<string, string>
}

const models: Record<string, ModelShape> = {
  user: {
    columns: ['name', 'role', 'balance', 'createdAt', 'deletedAt', 'tutorId'],
    id: ['id'],
    cursor: (random) =>
      random.chance(0.3) ? { email: `u${random.int(1, 24)}@example.org` } : { id: random.int(1, 26) },
    lists: {
      students: 'user',
      conversations: 'conversation',
      messages: 'message',
      memberships: 'workshopMember',
    },
    ones: { tutor: 'user' },
  },
  conversation: {
    columns: ['title', 'userId', 'createdAt', 'archivedAt'],
    id: ['id'],
    cursor: (random) => ({ id: `c${random.int(1, 13)}` }),
    lists: { messages: 'message', tags: 'tag' },
    ones: { user: 'user' },
  },
  message: {
    columns: ['role', 'tokens', 'createdAt', 'authorId', 'replyToId'],
    id: ['id'],
    cursor: (random) => ({ id: random.int(1, 92) }),
    lists: { replies: 'message' },
    ones: { replyTo: 'message', author: 'user', conversation: 'conversation' },
  },
  tag: {
    columns: ['name'],
    id: ['id'],
    cursor: (random) => ({ id: random.int(1, 10) }),
    lists: { conversations: 'conversation' },
    ones: {},
  },
  workshopMember: {
    columns: ['role', 'joinedAt'],
    id: ['workshopId', 'userId'],
    cursor: (random) => ({ workshopId_userId: { workshopId: random.int(1, 4), userId: random.int(1, 24) } }),
    lists: {},
    ones: { workshop: 'workshop', user: 'user' },
  },
  workshop: {
    columns: ['ownerId', 'title'],
    id: ['id'],
    cursor: (random) => ({ id: random.int(1, 4) }),
    lists: { members: 'workshopMember', traces: 'trace' },
    ones: { owner: 'user' },
  },
  trace: {
    columns: ['name', 'size', 'createdAt', 'workshopId'],
    id: ['id'],
    cursor: (random) => ({ id: random.int(1, 31) }),
    lists: {},
    ones: { workshop: 'workshop' },
  },
}

const nullable = new Set(['deletedAt', 'tutorId', 'archivedAt', 'tokens', 'authorId', 'replyToId'])

/** A total order, so that two reads can be compared. */
function orderOf(random: Random, name: string): object[] {
  const { columns, id, ones } = models[name] as ModelShape
  const terms: object[] = random.sample(columns, random.int(0, 2)).map((column) => {
    const sort = random.pick(['asc', 'desc'])
    return {
      [column]:
        nullable.has(column) && random.chance(0.3) ? { sort, nulls: random.pick(['first', 'last']) } : sort,
    }
  })
  if (random.chance(0.15) && Object.keys(ones).length > 0)
    terms.unshift({
      [random.pick(Object.keys(ones))]: {
        [random.pick(models[Object.values(ones)[0] as string]?.id ?? [])]: 'asc',
      },
    })
  return [...terms.filter(isKnown), ...id.map((column) => ({ [column]: random.pick(['asc', 'desc']) }))]
}

/** Orders by a relation's column only where that column exists there. */
function isKnown(term: object): boolean {
  const [field, value] = Object.entries(term)[0] as [string, unknown]
  if (typeof value !== 'object' || value === null || 'sort' in value) return true
  const target = Object.values(models).flatMap(({ ones }) => ones[field] ?? [])[0]
  return target !== undefined && (models[target] as ModelShape).id.includes(Object.keys(value)[0] as string)
}

/** Arguments of a list: `take` always, so that plain Prisma is given the same bound. */
function listArgs(random: Random, name: string, depth: number): Record<string, unknown> {
  const { columns, cursor } = models[name] as ModelShape
  return {
    ...selectionOf(random, name, depth),
    take: random.int(0, 5) * (random.chance(0.2) ? -1 : 1),
    orderBy: orderOf(random, name),
    ...(random.chance(0.2) ? { skip: random.int(0, 3) } : {}),
    ...(random.chance(0.15) ? { distinct: random.sample(columns, random.int(1, 2)) } : {}),
    ...(random.chance(0.15) ? { cursor: cursor(random) } : {}),
    ...(random.chance(0.2) ? { where: whereOf(random, name) } : {}),
  }
}

function whereOf(random: Random, name: string): object {
  const { id, lists, columns } = models[name] as ModelShape
  const column = columns.find((each) => nullable.has(each))
  return random.pick<object>([
    { NOT: { AND: [] } },
    { OR: [{ [id[0] as string]: { not: name === 'conversation' ? 'c2' : 2 } }] },
    ...(column === undefined ? [] : [{ [column]: null }, { [column]: { not: null } }]),
    ...Object.keys(lists).map((list) => ({ [list]: { some: {} } })),
  ])
}

function selectionOf(random: Random, name: string, depth: number): object {
  if (depth === 0) return {}
  const { lists, ones } = models[name] as ModelShape
  const picked: Record<string, unknown> = {}
  for (const [field, target] of Object.entries(lists))
    if (random.chance(0.5)) picked[field] = listArgs(random, target, depth - 1)
  for (const [field, target] of Object.entries(ones))
    if (random.chance(0.3)) picked[field] = asRow(selectionOf(random, target, depth - 1))
  if (Object.keys(picked).length === 0) return {}
  if (random.chance(0.3) && Object.keys(lists).length > 0)
    picked['_count'] = { select: { [Object.keys(lists)[0] as string]: true } }
  if (random.chance(0.5)) return { include: picked }
  return {
    select: {
      ...Object.fromEntries((models[name] as ModelShape).id.map((field) => [field, true])),
      ...picked,
    },
  }
}

/** The most rows that one statement may read: those of a list for each of its parents. */
function mostRows(args: Record<string, unknown>, parents: number, isList: boolean): number {
  const take = isList ? Math.abs(args['take'] as number) : 1
  const skip = (args['skip'] as number | undefined) ?? 0
  const inner = Object.entries((args['include'] ?? args['select'] ?? {}) as Record<string, unknown>)
    .filter(([field, value]) => typeof value === 'object' && field !== '_count')
    .map(([field, value]) => {
      const isInnerList = Object.values(models).some(({ lists }) => field in lists)
      return mostRows(value as Record<string, unknown>, parents * take, isInnerList)
    })
  return Math.max(parents * (take + skip), ...inner)
}

function asRow(selection: object): unknown {
  return Object.keys(selection).length === 0 ? true : selection
}

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let plain: PrismaClient
  let limited: PrismaClient
  let log: StatementLog

  beforeAll(async () => {
    database = await createDatabase(provider)
    plain = database.createClient()
    await seedLearning(plain)
    const recorded = database.createRecordedClient()
    log = recorded.log
    limited = recorded.client.$extends(
      pagination({ maxLimit: 100, maxOffset: 100 }),
    ) as unknown as PrismaClient
  })
  afterAll(() => database.drop())

  type Reads = Record<string, Record<string, (args: object) => Promise<unknown>>>

  test('P8 every selection gives what plain Prisma gives, and reads no more rows than its lists may have', async () => {
    await forSeeds(200, async (random) => {
      const name = random.pick(['user', 'conversation', 'message', 'workshop', 'tag'])
      const operation = random.pick(['findMany', 'findMany', 'findFirst', 'findUnique'])
      const { cursor } = models[name] as ModelShape
      const args =
        operation === 'findUnique'
          ? {
              where: name === 'user' ? { id: random.int(1, 4) } : cursor(random),
              ...selectionOf(random, name, 2),
            }
          : listArgs(random, name, 2)
      log.clear()
      const outcome = async (client: PrismaClient) => {
        try {
          return await (client as unknown as Reads)[name]?.[operation]?.(args)
        } catch (error) {
          return (error as Error).message.split('\n').at(-1)
        }
      }
      const expected = await outcome(plain)
      const found = await outcome(limited)
      const context = `${name}.${operation}(${JSON.stringify(args)})\n${log.sql().join('\n')}`
      expect({ context, found }).toEqual({ context, found: expected })
      const most = mostRows(
        { ...args, take: operation === 'findMany' ? (args as { take: number }).take : 1 },
        1,
        true,
      )
      expect({ context, rows: Math.max(0, ...log.statements.map(({ rows }) => rows)) <= most }).toEqual({
        context,
        rows: true,
      })
    })
  })
})
