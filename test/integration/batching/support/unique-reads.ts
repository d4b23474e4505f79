import type { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'
import type { Random } from '../../../support/random.ts'
import { everyMember } from './demo-calls.ts'
import type { OracleCall } from './oracle.ts'

type Args = Record<string, unknown>
/** A value for each call. */
type Draw = (random: Random) => unknown

/** What a row can be found by, narrowed by and read with. */
interface UniqueSource {
  /** Each a unique key: the name of a compound one, and values of its fields. */
  readonly keys: readonly { readonly name?: string; readonly fields: Readonly<Record<string, Draw>> }[]
  /** Values of other columns. */
  readonly columns: Readonly<Record<string, Draw>>
  /** Conditions that are no equality. */
  readonly conditions: readonly Draw[]
  readonly selections: readonly Args[]
}

export type UniqueSources = Readonly<Record<string, UniqueSource>>

/** Of the demo domain: single and compound keys, of numbers and texts. */
export async function uniqueReadSources(prisma: PrismaClient): Promise<UniqueSources> {
  const users = await prisma.user.findMany({ take: 12, orderBy: { id: 'asc' } })
  const members = await prisma.workshopMember.findMany({ take: 30 })
  const exercises = await prisma.userExercise.findMany({ take: 30 })
  const messages = await prisma.message.findMany({ take: 12, orderBy: { id: 'asc' } })
  const oneOf =
    (...values: readonly unknown[]): Draw =>
    (random) =>
      random.pick(values)
  const of = <Row>(rows: readonly Row[], name: keyof Row, ...others: readonly unknown[]) =>
    oneOf(...rows.map((row) => row[name]), ...others)
  return {
    user: {
      keys: [
        { fields: { id: of(users, 'id', 999_999) } },
        { fields: { email: of(users, 'email', 'none', users[0]?.email.toUpperCase()) } },
        { fields: { id: of(users, 'id'), email: of(users, 'email') } },
      ],
      columns: {
        role: oneOf('STUDENT', 'TUTOR'),
        name: of(users, 'name'),
        tutorId: of(users, 'tutorId', null),
        deletedAt: oneOf(null, null, new Date(0)),
        balance: of(users, 'balance'),
      },
      conditions: [
        oneOf({ AND: [] }),
        oneOf({ AND: [{ role: 'STUDENT' }] }, { AND: [{ role: 'TUTOR' }] }),
        oneOf({ OR: [{ role: 'STUDENT' }, { tutorId: 1 }] }),
        oneOf({ NOT: { role: 'ADMIN' } }),
        oneOf({ name: { contains: 'a' } }, { name: { contains: 'e' } }),
        oneOf({ messages: { some: {} } }),
        oneOf({ profile: null }, { profile: { isNot: null } }),
      ],
      selections: [
        {},
        { select: { id: true, name: true, email: true } },
        { select: { name: true, profile: { select: { id: true, bio: true } }, role: true } },
        { select: { role: true, label: true } },
        { include: { profile: true, _count: true } },
        {
          include: {
            conversations: { take: 2, orderBy: { id: 'asc' } },
            profile: { select: { bio: true, userId: true } },
          },
        },
        { omit: { email: true, name: true } },
        { select: { _count: { select: { messages: true, conversations: true } }, id: true } },
      ],
    },
    workshopMember: {
      keys: [
        {
          name: 'workshopId_userId',
          fields: { workshopId: of(members, 'workshopId'), userId: of(members, 'userId') },
        },
      ],
      columns: {
        role: of(members, 'role'),
        userId: of(members, 'userId'),
        joinedAt: of(members, 'joinedAt'),
      },
      conditions: [oneOf({ AND: [] }), oneOf({ user: { name: { contains: 'a' } } })],
      selections: [
        {},
        { select: { role: true, joinedAt: true } },
        { include: { user: { select: { name: true, id: true } } } },
        { omit: everyMember },
        { select: {} },
      ],
    },
    userExercise: {
      keys: [
        { fields: { id: of(exercises, 'id') } },
        {
          name: 'exerciseId_userId_attempt',
          fields: {
            exerciseId: of(exercises, 'exerciseId'),
            userId: of(exercises, 'userId'),
            attempt: oneOf(1, 1, 2),
          },
        },
      ],
      columns: {
        status: oneOf('ASSIGNED', 'SUBMITTED', 'PASSED'),
        score: of(exercises, 'score', null),
        userId: of(exercises, 'userId'),
      },
      conditions: [oneOf({ score: { gte: 50 } }), oneOf({ OR: [] })],
      selections: [{}, { select: { score: true, id: true } }],
    },
    message: {
      keys: [{ fields: { id: of(messages, 'id', 999_999) } }],
      columns: {
        authorId: of(messages, 'authorId', null),
        tokens: of(messages, 'tokens', null),
        conversationId: of(messages, 'conversationId'),
        createdAt: of(messages, 'createdAt'),
      },
      conditions: [oneOf({ replyTo: null }), oneOf({ body: { not: '' } })],
      selections: [
        {},
        { select: { body: true, id: true } },
        { include: { replyTo: { select: { id: true, body: true } }, author: true } },
      ],
    },
  }
}

/** Calls of a model that one tick may hold, of one to three templates. */
export function randomUniqueReads(random: Random, sources: UniqueSources): OracleCall[] {
  const model = random.pick(Object.keys(sources))
  const source = sources[model] as UniqueSource
  return random.shuffle(random.list(1, 2, () => callsOf(random, model, source)).flat())
}

function callsOf(random: Random, model: string, source: UniqueSource): OracleCall[] {
  const key = random.pick(source.keys)
  const columns = random.chance(0.5) ? [] : random.sample(Object.keys(source.columns), random.int(1, 2))
  const isWrapped = random.chance(0.2)
  /** A member of a compound key stands beside it too. */
  const isTwice = key.name !== undefined && random.chance(0.3)
  const condition = random.chance(0.2) ? random.pick(source.conditions) : () => ({})
  const selection = random.pick(source.selections)
  const operation = random.pick(['findUnique', 'findUnique', 'findUniqueOrThrow'])
  return random.list(2, 7, () => {
    const members = drawn(random, Object.keys(key.fields), key.fields)
    const where = {
      ...(key.name === undefined ? members : { [key.name]: members }),
      ...wrapped(drawn(random, columns, source.columns), isWrapped),
      ...(condition(random) as Args),
      ...(isTwice ? drawnFrom(random, members) : {}),
    }
    return {
      model,
      operation,
      args: { where: shuffled(random, where), ...(inAnyOrder(random, selection) as Args) },
      isOrdered: true,
    }
  })
}

function drawn(random: Random, names: readonly string[], draws: Readonly<Record<string, Draw>>): Args {
  return Object.fromEntries(random.shuffle(names).map((name) => [name, (draws[name] as Draw)(random)]))
}

/** One of these, once more. */
function drawnFrom(random: Random, members: Args): Args {
  const name = random.pick(Object.keys(members))
  return { [name]: members[name] }
}

const wrapped = (columns: Args, isWrapped: boolean): Args =>
  isWrapped
    ? Object.fromEntries(Object.entries(columns).map(([name, equals]) => [name, { equals }]))
    : columns

const shuffled = (random: Random, args: Args): Args =>
  Object.fromEntries(random.shuffle(Object.entries(args)))

/** The same selection, its names in another order at each level. */
function inAnyOrder(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([name, each]) => [name, inAnyOrder(random, each)] as const)
  return Object.fromEntries(random.chance(0.5) ? entries : random.shuffle(entries))
}
