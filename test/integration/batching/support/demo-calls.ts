import { skip } from '@prisma/client/runtime/client'
import type { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'
import type { Random } from '../../../support/random.ts'
import type { OracleCall } from './oracle.ts'

type Args = Record<string, unknown>

/** What can be asked of one model of the demo domain. */
interface Source {
  /** Fields to ask by, and values of them that some rows have. */
  keys: Record<string, unknown[]>
  /** Further conditions. */
  rests: Args[]
  /** Selections; none of them is one too. */
  selections: Args[]
  /** Selections that differ from call to call. */
  varied?: ((random: Random) => Args)[]
  /** Relations to read from a row, and with what. */
  fluent?: Record<string, Args[]>
  /** Orders; a unique field is put behind them. */
  orders: Args[]
  id: string
  /** Fields to add up. */
  sums: string[]
}

export type Sources = Record<string, Source>

/** Every column of a row, which Prisma refuses to leave out. */
export const everyMember = { workshopId: true, userId: true, role: true, joinedAt: true }

/** Reads from the database what keys there are. */
export async function demoSources(prisma: PrismaClient): Promise<Sources> {
  const users = await prisma.user.findMany({
    select: { id: true, email: true },
    take: 20,
    orderBy: { id: 'asc' },
  })
  const conversations = await prisma.conversation.findMany({
    select: { id: true },
    take: 15,
    orderBy: { id: 'asc' },
  })
  const classes = await prisma.classSession.findMany({ select: { id: true }, take: 10 })
  const patterns = await prisma.behaviorPattern.findMany({ select: { id: true }, take: 10 })
  const traces = await prisma.trace.findMany({ select: { id: true }, take: 15 })
  const userIds = [...users.map(({ id }) => id), 999_999]
  const emails = users.map(({ email }) => email).flatMap((email) => [email, email.toUpperCase(), `${email} `])
  const conversationIds = [
    ...conversations.map(({ id }) => id),
    ...conversations.map(({ id }) => id.toUpperCase()),
    'none',
  ]
  const numbers = (to: number) => Array.from({ length: to }, (_, index) => index + 1)
  const none = [{}]
  return {
    user: {
      keys: { id: userIds, email: emails, tutorId: userIds, role: ['STUDENT', 'TUTOR', 'ADMIN'] },
      rests: [
        {},
        { deletedAt: null },
        { OR: [{ role: 'STUDENT' }, { tutorId: null }] },
        { name: { contains: 'a' } },
        { messages: { some: {} } },
        { NOT: { role: 'ADMIN' } },
      ],
      selections: [
        ...none,
        { select: { name: true, email: true } },
        { include: { profile: true } },
        { omit: { id: true } },
        { select: { role: true, _count: { select: { messages: true } } } },
        {
          select: { id: true, conversations: { select: { title: true, id: true }, orderBy: { id: 'asc' } } },
        },
      ],
      varied: [
        (each) => ({
          include: { insights: { where: { userId: each.pick(userIds) }, orderBy: { id: 'asc' } } },
        }),
        (each) => ({
          select: {
            name: true,
            messages: { select: { id: true }, where: { id: { lt: each.int(1, 3) } }, orderBy: { id: 'asc' } },
          },
        }),
      ],
      fluent: {
        conversations: [{ orderBy: { id: 'asc' } }, { orderBy: { id: 'asc' }, take: 2 }],
        tutor: [{}, { select: { name: true } }],
        students: [{ orderBy: { id: 'desc' } }],
        profile: [{}],
      },
      orders: [
        { name: 'asc' },
        { tutorId: 'desc' },
        { createdAt: 'desc' },
        { tutorId: { sort: 'asc', nulls: 'first' } },
        { tutor: { name: 'asc' } },
        { messages: { _count: 'desc' } },
      ],
      id: 'id',
      sums: ['balance', 'tutorId'],
    },
    profile: {
      keys: { userId: userIds, id: numbers(10), locale: ['en', 'de', 'fr'] },
      rests: [{}, { bio: null }, { preferences: { path: ['theme'], equals: 'dark' } }],
      selections: [
        ...none,
        { select: { preferences: true, avatar: true } },
        { include: { user: { select: { name: true } } } },
      ],
      orders: [{ displayName: 'asc' }, { birthday: 'desc' }],
      id: 'id',
      sums: ['userId'],
    },
    conversation: {
      keys: { id: conversationIds, userId: userIds },
      rests: [
        {},
        { archivedAt: null },
        { title: { not: '' } },
        { tags: { some: { id: { lt: 20 } } } },
        { messages: { none: { role: 'SYSTEM' } } },
      ],
      selections: [
        ...none,
        { include: { tags: { orderBy: { id: 'asc' } } } },
        { include: { messages: { take: 1, orderBy: { id: 'desc' } } } },
        { select: { title: true } },
        { include: { user: { include: { profile: true } }, _count: true } },
      ],
      varied: [
        (each) => ({
          include: {
            messages: { where: { role: each.pick(['USER', 'SYSTEM']) }, orderBy: { id: 'asc' }, take: 3 },
          },
        }),
        (each) => ({ select: { id: true, tags: { where: { id: each.int(1, 5) }, orderBy: { id: 'asc' } } } }),
      ],
      fluent: { messages: [{ orderBy: { id: 'asc' } }], user: [{}, { include: { profile: true } }] },
      orders: [{ createdAt: 'desc' }, { title: 'asc' }, { user: { name: 'desc' } }],
      id: 'id',
      sums: ['userId'],
    },
    message: {
      keys: {
        id: numbers(30),
        conversationId: conversationIds,
        authorId: userIds,
        replyToId: numbers(30),
        role: ['USER', 'ASSISTANT', 'SYSTEM'],
      },
      rests: [
        {},
        { tokens: { gt: 10 } },
        { authorId: null },
        { tokens: { in: [1, 2, 3, 50] } },
        { AND: [{ tokens: { not: null } }, { replyToId: null }] },
        { OR: [{ tokens: null }, { tokens: { lte: 100 } }] },
        { createdAt: { gte: new Date('2025-05-31T14:43:00Z') } },
        {
          OR: [{ createdAt: { lt: new Date('2025-05-31T14:43:00Z') }, tokens: { notIn: [1, 2] } }, { id: 7 }],
        },
      ],
      selections: [
        ...none,
        { select: { body: true } },
        { include: { author: true } },
        { select: { id: true, replies: { select: { id: true }, orderBy: { id: 'asc' } } } },
        { omit: { body: true, conversationId: true } },
      ],
      orders: [
        { createdAt: 'desc' },
        { tokens: 'asc' },
        { tokens: { sort: 'desc', nulls: 'last' } },
        { role: 'asc' },
      ],
      id: 'id',
      sums: ['tokens', 'authorId'],
    },
    userExercise: {
      keys: {
        userId: userIds,
        exerciseId: numbers(20),
        attempt: [1, 2, 3],
        status: ['ASSIGNED', 'SUBMITTED', 'PASSED', 'SKIPPED'],
      },
      rests: [{}, { score: { gte: 50 } }, { submittedAt: { not: null } }],
      selections: [
        ...none,
        { select: { score: true } },
        { include: { exercise: { include: { tags: true } } } },
      ],
      orders: [{ score: 'desc' }, { assignedAt: 'asc' }],
      id: 'id',
      sums: ['score', 'attempt'],
    },
    movement: {
      keys: {
        classId: classes.map(({ id }) => id),
        userId: userIds,
        position: numbers(8),
        muscleGroup: ['core', 'legs', 'back'],
      },
      rests: [{}, { seconds: { gt: 30 } }],
      selections: [...none, { select: { name: true } }, { include: { class: true } }],
      orders: [{ position: 'asc' }, { seconds: 'desc' }],
      id: 'id',
      sums: ['seconds'],
    },
    studySession: {
      keys: { userId: userIds, subject: ['math', 'Math', 'history', 'physics'] },
      rests: [{}, { endedAt: null }, { minutes: { gte: 30 } }],
      selections: [...none, { select: { events: true, startedAt: true } }, { omit: { userId: true } }],
      orders: [{ startedAt: 'desc' }, { focus: 'asc' }],
      id: 'id',
      sums: ['events', 'minutes'],
    },
    behaviorPattern: {
      keys: {
        id: patterns.map(({ id }) => id),
        userId: userIds,
        patternType: ['OPTIMAL_TIME', 'DURATION', 'CONTENT', 'FORGETTING'],
      },
      rests: [{}, { confidence: { gte: 0.7 } }, { occurrences: 1 }],
      selections: [
        ...none,
        { select: { patternType: true, evidence: true } },
        { include: { insights: { orderBy: { id: 'asc' } } } },
      ],
      orders: [{ confidence: 'desc' }, { lastSeenAt: 'desc' }],
      id: 'id',
      sums: ['occurrences'],
    },
    insight: {
      keys: { userId: userIds, patternId: patterns.map(({ id }) => id), read: [true, false] },
      rests: [
        {},
        { title: { startsWith: 'a' } },
        { read: { not: true } },
        { AND: { read: false, patternId: { not: null } } },
      ],
      selections: [
        ...none,
        { include: { pattern: { select: { patternType: true } } } },
        // Where the client leaves out the user, nothing is left, which Prisma refuses.
        { omit: { id: true, patternId: true, title: true, read: true, createdAt: true } },
      ],
      orders: [{ createdAt: 'asc' }],
      id: 'id',
      sums: ['userId'],
    },
    workshopMember: {
      keys: { workshopId: numbers(5), userId: userIds },
      rests: [{}, { role: 'annotator' }],
      selections: [
        ...none,
        { include: { user: { select: { name: true } } } },
        { select: { role: true } },
        { omit: everyMember },
        { omit: everyMember, include: { user: { select: { name: true } } } },
        { omit: everyMember, include: { user: false } },
      ],
      orders: [{ joinedAt: 'asc' }],
      id: 'userId',
      sums: ['userId'],
    },
    annotation: {
      keys: {
        traceId: traces.map(({ id }) => id),
        userId: userIds,
        workshopId: numbers(5),
        rating: numbers(5),
      },
      rests: [{}, { comment: null }, { userId: { not: null } }],
      selections: [...none, { select: { rating: true, comment: true } }],
      orders: [{ rating: 'desc' }, { createdAt: 'asc' }],
      id: 'id',
      sums: ['rating'],
    },
  }
}

/** Calls that may meet: a few templates, each with several values. */
export function randomDemoCalls(random: Random, sources: Sources): OracleCall[] {
  return random.shuffle(random.list(1, 3, () => callsOfTemplate(random, sources)).flat())
}

/** What stands in place of a value now and then; alone, some of it is refused. */
const oddValues = (value: unknown): unknown[] => [
  null,
  undefined,
  skip,
  {},
  Number.NaN,
  { equals: value },
  { equals: null },
  { equals: undefined },
  { equals: value, not: null },
  { in: [value] },
  { not: value },
  [value],
  new Date(Number.NaN),
]

const oddConditions: Args[] = [
  { OR: [] },
  { AND: [] },
  { NOT: [] },
  { AND: [{}] },
  { OR: [{}] },
  { OR: undefined },
  { nothing: 1 },
  { id: { in: [] } },
  { NOT: { id: { in: [] } } },
]

const oddSelections: Args[] = [
  { select: {} },
  { select: undefined },
  { select: null },
  { include: {} },
  { omit: {} },
  { omit: { id: false } },
  { select: { id: false } },
  { select: { nothing: true } },
  { select: { id: true }, include: {} },
  { select: { id: true }, omit: { id: true } },
  { relationLoadStrategy: 'query' },
]

function callsOfTemplate(random: Random, sources: Sources): OracleCall[] {
  const model = random.pick(Object.keys(sources))
  const source = sources[model] as Source
  const template = templateOf(random, model, source)
  return random.list(1, 9, () => template(random))
}

function templateOf(random: Random, model: string, source: Source): (random: Random) => OracleCall {
  const selection = random.pick<(each: Random) => Args>([
    ...source.selections.map((each) => () => each),
    ...(source.varied ?? []),
    () => random.pick(oddSelections),
  ])
  const rest = random.chance(0.85) ? random.pick(source.rests) : random.pick(oddConditions)
  const keys = random.sample(Object.keys(source.keys), random.chance(0.7) ? 1 : 2)
  const order = [
    ...(random.chance(0.6) ? [random.pick(source.orders)] : []),
    ...(model === 'workshopMember' ? [{ workshopId: 'asc' }] : []),
    { [source.id]: random.pick(['asc', 'desc']) },
  ]
  const where = (each: Random): Args => ({
    ...rest,
    ...Object.fromEntries(
      keys.map((key) => [
        key,
        each.chance(0.9)
          ? each.pick(source.keys[key] as unknown[])
          : each.pick(oddValues(each.pick(source.keys[key] as unknown[]))),
      ]),
    ),
  })
  const page = random.pick<Args>([
    {},
    {},
    {},
    { take: 3 },
    { take: 1, skip: 1 },
    { take: -2 },
    { take: 0 },
    { skip: 1 },
    { distinct: [keys[0]] },
    { take: 2 ** 32 + 1 },
    { take: '2' },
    { take: 2, skip: -1 },
    { take: 2, cursor: { [source.id]: (source.keys[source.id] ?? [1])[0] } },
    { take: skip },
  ])
  const call = (operation: string, args: Args, isOrdered = true): OracleCall => ({
    model,
    operation,
    args,
    isOrdered,
  })
  switch (random.int(0, 9)) {
    case 0:
    case 1:
      return uniqueTemplate(random, model, source, selection)
    case 8: {
      if (source.fluent === undefined) return uniqueTemplate(random, model, source, selection)
      const field = random.pick(Object.keys(source.fluent))
      const args = random.pick(source.fluent[field] as Args[])
      // Fluent reads are batched by Prisma, which compares keys in JavaScript.
      const spelledAsStored = (source.keys['id'] as unknown[]).filter((id) => !/[A-Z]/.test(String(id)))
      return (each) => ({
        ...call('findUnique', { where: { id: each.pick(spelledAsStored) } }),
        fluent: { field, args },
      })
    }
    case 2:
      return (each) => call('findFirst', { where: where(each), ...selection(each), orderBy: order })
    case 3:
      return (each) => call('findFirstOrThrow', { where: where(each), ...selection(each), orderBy: order })
    case 4: {
      // Rows that are taken come in the order of the id, all of them in any.
      const taken = random.pick<Args>([{}, {}, { take: 2 }, { take: 2, skip: 1 }])
      return (each) => call('findMany', { where: where(each), ...selection(each), ...taken }, 'take' in taken)
    }
    case 5:
      return (each) => call('findMany', { where: where(each), ...selection(each), orderBy: order, ...page })
    case 6: {
      const select = random.pick<Args>([
        {},
        {},
        { select: { _all: true, [random.pick(source.sums)]: true } },
        { select: { [random.pick(source.sums)]: true } },
        { select: {} },
        { take: 1 },
        { select: { _all: true, nothing: true } },
      ])
      return (each) => call('count', { where: where(each), ...select })
    }
    case 7: {
      const sums = Object.fromEntries(source.sums.map((sum) => [sum, true]))
      const asked = random.pick<Args>([
        { _sum: sums },
        { _count: true, _max: sums },
        { _avg: sums, _count: { _all: true } },
        { _min: sums, _sum: sums, _count: true },
        { _count: true, take: 2, orderBy: { [source.id]: 'asc' } },
        {},
        { _sum: { nothing: true } },
      ])
      return (each) => call('aggregate', { where: where(each), ...asked })
    }
    default:
      return (each) =>
        call('groupBy', {
          by: [keys[0]],
          where: where(each),
          _count: true,
          orderBy: { [keys[0] as string]: 'asc' },
        })
  }
}

const uniques: Record<string, string[][]> = {
  user: [['id'], ['email']],
  profile: [['id'], ['userId']],
  conversation: [['id']],
  message: [['id']],
  behaviorPattern: [['id']],
  workshopMember: [['workshopId', 'userId']],
  userExercise: [['exerciseId', 'userId', 'attempt']],
  movement: [['classId', 'position']],
}

function uniqueTemplate(
  random: Random,
  model: string,
  source: Source,
  selection: (each: Random) => Args,
): (random: Random) => OracleCall {
  const unique = random.pick(uniques[model] ?? [['id']])
  const rest = random.chance(0.7) ? {} : random.pick(source.rests)
  const operation = random.pick(['findUnique', 'findUnique', 'findUniqueOrThrow', 'findFirst'])
  const constant = unique.length > 1 && random.chance(0.5) ? random.pick(unique) : null
  const fixed = constant === null ? null : random.pick(source.keys[constant] ?? [1])
  return (each) => {
    const members = Object.fromEntries(
      each
        .shuffle(unique)
        .map((field) => [
          field,
          field === constant ? fixed : each.pick(source.keys[field] ?? [1, 2, 3, 999_999]),
        ]),
    )
    const isCompound = unique.length > 1 && operation !== 'findFirst'
    return {
      model,
      operation,
      args: {
        where: { ...(isCompound ? { [unique.join('_')]: members } : members), ...rest },
        ...selection(each),
      },
      isOrdered: true,
    }
  }
}
