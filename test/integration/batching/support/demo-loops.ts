import type { Provider } from '../../../support/databases.ts'
import type { Random } from '../../../support/random.ts'
import type { Body, ListRead, Program, Step, Write } from './loop-programs.ts'

/** Random programs of loops over the demo domain. */

type Args = Record<string, unknown>
type Row = Record<string, unknown>

const levels: Record<Provider, readonly (string | undefined)[]> = {
  postgresql: [undefined, 'ReadCommitted', 'RepeatableRead', 'Serializable'],
  mysql: [undefined, 'ReadUncommitted', 'ReadCommitted', 'RepeatableRead', 'Serializable'],
  sqlite: [undefined, 'Serializable'],
}

export function randomProgram(random: Random, provider: Provider): Program {
  const isolationLevel = random.pick(levels[provider])
  const transaction = random.chance(0.25) ? (isolationLevel === undefined ? {} : { isolationLevel }) : null
  return {
    steps: random.list(1, random.chance(0.2) ? 2 : 1, () =>
      randomStep(random, provider, transaction !== null),
    ),
    transaction,
  }
}

function randomStep(random: Random, provider: Provider, isInTransaction: boolean): Step {
  const source = random.pick(sources)
  const atOnce = !isInTransaction && random.chance(0.15) ? 2 : 1
  const bodies = random.list(1, random.chance(0.3) ? 2 : 1, () => random.pick(source.bodies)(random))
  const writes = atOnce === 1 && random.chance(0.35)
  return {
    list: source.list(random, provider),
    order: random.chance(0.7) ? 'given' : random.pick(['reverse', 'shuffled', 'filtered', 'doubled']),
    seed: random.int(1, 1e6),
    source: random.pick(['for', 'for', 'generator', 'recursion']),
    bodies,
    atOnce,
    stop: random.chance(0.2) ? random.int(1, 5) : Infinity,
    write: writes
      ? { at: random.int(0, 6), write: randomWrite(random, provider, random.pick(bodies), isInTransaction) }
      : null,
  }
}

interface Source {
  list(random: Random, provider: Provider): ListRead
  readonly bodies: readonly ((random: Random) => Body)[]
}

const page = (random: Random, most = 11): Args => ({ take: random.int(3, most), skip: random.int(0, 4) })
const selected = (random: Random, ...selections: readonly Args[]): Args =>
  random.pick([{}, {}, ...selections])

/** By a key that some rows of the list do not have. */
const by =
  (from: string, make: (value: unknown) => Args) =>
  (row: Row): Args | null =>
    row[from] === null || row[from] === undefined ? null : make(row[from])

const messagesOf =
  (from: string) =>
  (random: Random): Body => {
    const operation = random.pick([
      'findFirst',
      'findMany',
      'findMany',
      'count',
      'aggregate',
      'findFirstOrThrow',
    ])
    const rest = random.pick<Args>([
      {},
      {},
      { role: 'USER' },
      { tokens: { gt: 40 } },
      { authorId: { not: null } },
    ])
    const where = (conversationId: unknown) => (random.chance(0) ? {} : { conversationId, ...rest })
    const shape: Args =
      operation === 'count'
        ? selected(random, { select: { _all: true, tokens: true } })
        : operation === 'aggregate'
          ? { _sum: { tokens: true }, _max: { createdAt: true }, _count: true }
          : {
              orderBy: random.pick([{ id: 'desc' }, { id: 'asc' }, [{ createdAt: 'desc' }, { id: 'asc' }]]),
              ...(operation === 'findMany' && random.chance(0.5) ? { take: random.int(1, 3) } : {}),
              ...selected(
                random,
                { select: { id: true, body: true, author: { select: { name: true } } } },
                { include: { author: true } },
                { omit: { conversationId: true } },
              ),
            }
    const equals = random.chance(0.2)
    return {
      model: 'message',
      operation,
      isTried: random.chance(0.8),
      args: by(from, (id) => ({ where: where(equals ? { equals: id } : id), ...shape })),
    }
  }

const userBy =
  (from: string) =>
  (random: Random): Body => {
    const operation = random.pick(['findUnique', 'findUniqueOrThrow', 'findFirst'])
    const shape = selected(
      random,
      { select: { name: true, balance: true } },
      { include: { profile: true, tutor: true } },
      { omit: { id: true } },
    )
    const rest = operation !== 'findFirst' || random.chance(0.5) ? {} : { deletedAt: null }
    return {
      model: 'user',
      operation,
      isTried: random.chance(0.7),
      args: by(from, (id) => ({ where: { id, ...rest }, ...shape })),
    }
  }

const ofUser =
  (from: string) =>
  (random: Random): Body =>
    random.pick<Body>([
      {
        model: 'profile',
        operation: random.pick(['findUnique', 'findUniqueOrThrow']),
        isTried: true,
        args: by(from, (userId) => ({ where: { userId } })),
      },
      {
        model: 'insight',
        operation: 'findMany',
        args: by(from, (userId) => ({ where: { userId }, orderBy: { id: 'asc' } })),
      },
      {
        model: 'insight',
        operation: 'count',
        args: by(from, (userId) => ({ where: { userId, read: false } })),
      },
      {
        model: 'user',
        operation: 'findMany',
        args: by(from, (tutorId) => ({ where: { tutorId }, orderBy: { id: 'asc' } })),
      },
      {
        model: 'conversation',
        operation: 'findMany',
        args: by(from, (userId) => ({ where: { userId }, orderBy: { id: 'asc' }, take: 4 })),
        inner: messagesOf('id')(random),
      },
    ])

const sources: readonly Source[] = [
  {
    list: (random) => ({
      model: 'conversation',
      args: {
        orderBy: { id: 'asc' },
        ...page(random),
        ...selected(random, { select: { id: true, userId: true } }),
      },
    }),
    bodies: [messagesOf('id'), messagesOf('id'), userBy('userId'), ofUser('userId')],
  },
  {
    list: (random) => ({ model: 'user', args: { orderBy: { id: 'asc' }, ...page(random, 7) } }),
    bodies: [ofUser('id'), ofUser('id'), userBy('tutorId')],
  },
  {
    list: (random) => ({
      model: 'message',
      args: {
        orderBy: random.pick([{ id: 'asc' }, [{ authorId: 'asc' }, { id: 'asc' }]]),
        ...page(random, 12),
      },
    }),
    bodies: [
      userBy('authorId'),
      messagesOf('conversationId'),
      () => ({
        model: 'conversation',
        operation: 'findUnique',
        args: by('conversationId', (id) => ({
          where: { id },
          include: { tags: { orderBy: { id: 'asc' } } },
        })),
      }),
      () => ({
        model: 'message',
        operation: 'findUnique',
        args: by('replyToId', (id) => ({ where: { id } })),
      }),
    ],
  },
  {
    list: (random) => ({
      model: 'user',
      args: {
        orderBy: { id: 'asc' },
        ...page(random, 5),
        include: { conversations: { orderBy: { id: 'asc' }, take: 4 } },
      },
      within: 'conversations',
      isOne: random.chance(0.4),
    }),
    bodies: [messagesOf('id'), userBy('userId')],
  },
  {
    list: (random) => ({
      model: 'workshopMember',
      args: { orderBy: [{ userId: 'asc' }, { workshopId: 'asc' }], ...page(random) },
    }),
    bodies: [
      (random) => ({
        model: 'workshopMember',
        operation: random.pick(['findUnique', 'findUniqueOrThrow']),
        args: ({ workshopId, userId }) => ({ where: { workshopId_userId: { workshopId, userId } } }),
      }),
      () => ({
        model: 'workshopMember',
        operation: 'findMany',
        args: ({ workshopId }) => ({ where: { workshopId, role: 'annotator' }, orderBy: { userId: 'asc' } }),
      }),
      (random) => ({
        model: 'workshopMember',
        operation: random.pick(['findFirst', 'count']),
        args: ({ workshopId, userId }) => ({ where: { workshopId, userId } }),
      }),
      userBy('userId'),
    ],
  },
  {
    list: (random, provider) => {
      const quote = provider === 'mysql' ? '`' : '"'
      return {
        model: 'conversation',
        args: {},
        sql: `SELECT id, ${quote}userId${quote} FROM ${quote}Conversation${quote} ORDER BY id LIMIT ${random.int(2, 8)}`,
      }
    },
    bodies: [messagesOf('id'), userBy('userId')],
  },
]

/** A write to what the loop reads, to something it does not read, or to what a foreign key leads on from. */
function randomWrite(random: Random, provider: Provider, body: Body, isInTransaction: boolean): Write {
  const by = random.pick<Write['by']>(
    isInTransaction ? ['own', 'raw'] : ['own', 'own', 'base', 'base', 'raw', 'transaction', 'undone'],
  )
  const quote = (name: string) => (provider === 'mysql' ? `\`${name}\`` : `"${name}"`)
  const parameter = (number: number) => (provider === 'postgresql' ? `$${number}` : '?')
  const text = `w${random.int(1, 1e6)}`
  const id = random.int(1, 30)
  const rewrite = (table: string, column: string) => () => ({
    text: `UPDATE ${quote(table)} SET ${quote(column)} = ${parameter(1)} WHERE id < ${id}`,
    values: [text],
  })
  const changes: Record<string, Omit<Write, 'by'>> = {
    message: {
      model: 'message',
      operation: 'updateMany',
      args: (row) => ({
        where: { conversationId: String(row['conversationId'] ?? row['id']) },
        data: { body: text, tokens: id },
      }),
      sql: rewrite('Message', 'body'),
    },
    user: {
      model: 'user',
      operation: 'updateMany',
      args: () => ({ where: { id: { lt: id } }, data: { name: text } }),
      sql: rewrite('User', 'name'),
    },
    insight: {
      model: 'insight',
      operation: 'updateMany',
      args: () => ({ where: { id: { lt: id } }, data: { title: text, read: true } }),
      sql: rewrite('Insight', 'title'),
    },
    conversation: {
      model: 'conversation',
      operation: 'updateMany',
      args: () => ({ where: { userId: { lt: id } }, data: { title: text } }),
      sql: () => ({ text: `UPDATE ${quote('Conversation')} SET title = ${parameter(1)}`, values: [text] }),
    },
  }
  const gone: Omit<Write, 'by'> = {
    model: 'message',
    operation: 'deleteMany',
    args: () => ({ where: { id } }),
    sql: () => ({ text: `DELETE FROM ${quote('Message')} WHERE id = ${id}`, values: [] }),
  }
  const cascading: Omit<Write, 'by'> = {
    model: 'conversation',
    operation: 'deleteMany',
    args: () => ({ where: { userId: id, archivedAt: { not: null } } }),
    sql: () => ({
      text: `DELETE FROM ${quote('Conversation')} WHERE ${quote('userId')} = ${id + 1}`,
      values: [],
    }),
  }
  const own = changes[body.model]
  const change =
    random.chance(0.6) && own !== undefined ? own : random.pick([...Object.values(changes), gone, cascading])
  return { by, ...change }
}
