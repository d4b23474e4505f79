import { types } from 'node:util'
import type { Prisma, PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/** One step of the run: its name, and what it does to a client. */
type Step = readonly [name: string, run: (prisma: PrismaClient) => PromiseLike<unknown>]

const day = (n: number) => new Date(Date.UTC(2025, 0, n))
const person = (name: string, more: Partial<Prisma.UserUncheckedCreateInput> = {}) => ({
  name,
  email: `${name}@example.org`,
  createdAt: day(1),
  ...more,
})

/** Every operation of Prisma once or more, on data that the run itself makes, in an order that is always the same. */
export const steps: readonly Step[] = [
  ['create', (p) => p.user.create({ data: person('ada', { role: 'TUTOR', balance: '10.50' }) })],
  [
    'create with select',
    (p) => p.user.create({ data: person('bob', { tutorId: 1 }), select: { id: true, tutor: true } }),
  ],
  [
    'createMany',
    (p) => p.user.createMany({ data: ['cyd', 'dan', 'eve'].map((name) => person(name, { tutorId: 1 })) }),
  ],
  [
    'createManyAndReturn',
    (p) => p.user.createManyAndReturn({ data: [person('fay'), person('gus')], select: { name: true } }),
  ],
  [
    'nested create, three levels',
    (p) =>
      p.conversation.create({
        data: {
          id: 'c1',
          title: 'first',
          createdAt: day(2),
          user: { connect: { id: 2 } },
          tags: {
            create: [{ name: 'maths' }],
            connectOrCreate: [{ where: { name: 'art' }, create: { name: 'art' } }],
          },
          messages: {
            create: [
              { role: 'USER', body: 'hello', createdAt: day(3), author: { connect: { id: 2 } } },
              {
                role: 'ASSISTANT',
                body: 'hi',
                createdAt: day(4),
                replies: {
                  create: { role: 'USER', body: 'how', createdAt: day(5), conversationId: 'c1' } as never,
                },
              },
            ],
          },
        },
        include: { messages: { orderBy: { id: 'asc' } }, tags: { orderBy: { id: 'asc' } } },
      }),
  ],
  [
    'nested createMany',
    (p) => p.classSession.create({ data: classOfNine, include: { movements: true, quality: true } }),
  ],
  [
    'values of every type',
    (p) =>
      p.profile.create({
        data: {
          userId: 1,
          displayName: 'Ada',
          birthday: day(9),
          avatar: new Uint8Array([0, 1, 254, 255]),
          preferences: { nested: [1, 'two', null, { three: 3 }], ratio: 0.1 },
          updatedAt: day(9),
        },
      }),
  ],
  [
    'BigInt and Float',
    (p) =>
      p.studySession.create({
        data: {
          userId: 2,
          subject: 'maths',
          minutes: 30,
          focus: -0.25,
          events: 2n ** 60n,
          startedAt: day(6),
        },
      }),
  ],
  ['findUnique', (p) => p.user.findUnique({ where: { email: 'ada@example.org' } })],
  ['findUnique, none', (p) => p.user.findUnique({ where: { id: 999 } })],
  [
    'findUnique, fluent list',
    (p) => p.user.findUnique({ where: { id: 1 } }).students({ orderBy: { id: 'asc' }, take: 2 }),
  ],
  ['findUnique, fluent to-one', (p) => p.user.findUnique({ where: { id: 2 } }).tutor()],
  [
    'findUniqueOrThrow',
    (p) =>
      p.profile.findUniqueOrThrow({ where: { userId: 1 }, include: { user: { select: { name: true } } } }),
  ],
  ['findUniqueOrThrow, none', (p) => p.user.findUniqueOrThrow({ where: { id: 999 } })],
  [
    'findUnique, compound',
    (p) => p.movement.findUnique({ where: { classId_position: { classId: 1, position: 3 } } }),
  ],
  ['findFirst', (p) => p.user.findFirst({ where: { role: 'STUDENT' }, orderBy: { name: 'desc' } })],
  ['findFirstOrThrow, none', (p) => p.user.findFirstOrThrow({ where: { name: 'nobody' } })],
  ['findMany', (p) => p.user.findMany({ orderBy: [{ role: 'asc' }, { id: 'desc' }] })],
  [
    'findMany with include',
    (p) =>
      p.user.findMany({
        where: { id: { lte: 3 } },
        include: { students: true, profile: true, _count: { select: { students: true } } },
        orderBy: { id: 'asc' },
      }),
  ],
  [
    'findMany, take, skip, cursor',
    (p) => p.user.findMany({ cursor: { id: 2 }, skip: 1, take: 2, orderBy: { id: 'asc' } }),
  ],
  ['findMany, negative take', (p) => p.user.findMany({ take: -2, orderBy: { id: 'asc' } })],
  ['findMany, take 0', (p) => p.user.findMany({ take: 0 })],
  [
    'findMany, distinct',
    (p) => p.user.findMany({ distinct: ['role'], select: { role: true }, orderBy: { role: 'asc' } }),
  ],
  ['findMany, omit', (p) => p.user.findMany({ omit: { email: true }, orderBy: { id: 'asc' }, take: 2 })],
  [
    'findMany, relation filters',
    (p) =>
      p.user.findMany({
        where: { conversations: { some: { messages: { some: { body: 'hi' } } } }, NOT: { tutor: null } },
      }),
  ],
  [
    'findMany, order by relation',
    (p) => p.user.findMany({ orderBy: [{ students: { _count: 'desc' } }, { id: 'asc' }], take: 3 }),
  ],
  [
    'findMany, json filter',
    (p) => p.profile.findMany({ where: { preferences: { path: ['ratio'], equals: 0.1 } } }),
  ],
  [
    'findMany, nested limits',
    (p) =>
      p.user.findMany({
        where: { id: 1 },
        select: { students: { take: 2, orderBy: { id: 'asc' }, select: { name: true } } },
      }),
  ],
  ['count', (p) => p.user.count({ where: { tutorId: 1 } })],
  ['count with select', (p) => p.user.count({ select: { _all: true, tutorId: true } })],
  [
    'aggregate',
    (p) =>
      p.movement.aggregate({
        where: { classId: 1 },
        _sum: { seconds: true },
        _avg: { seconds: true },
        _count: true,
        _max: { name: true },
      }),
  ],
  [
    'aggregate of nothing',
    (p) => p.user.aggregate({ where: { id: -1 }, _sum: { balance: true }, _count: { _all: true } }),
  ],
  [
    'groupBy',
    (p) =>
      p.user.groupBy({
        by: ['role'],
        _count: { _all: true },
        _sum: { balance: true },
        orderBy: { role: 'asc' },
      }),
  ],
  [
    'groupBy, having',
    (p) =>
      p.movement.groupBy({
        by: 'muscleGroup',
        _avg: { seconds: true },
        having: { seconds: { _avg: { gt: 10 } } },
        orderBy: { muscleGroup: 'asc' },
      }),
  ],
  ['update', (p) => p.user.update({ where: { id: 2 }, data: { balance: { increment: 5 } } })],
  ['update, none', (p) => p.user.update({ where: { id: 999 }, data: { name: 'x' } })],
  [
    'update, nested',
    (p) =>
      p.conversation.update({
        where: { id: 'c1' },
        data: {
          title: 'renamed',
          tags: { disconnect: { name: 'art' } },
          messages: { updateMany: { where: { role: 'USER' }, data: { tokens: 7 } } },
        },
        include: { tags: true },
      }),
  ],
  [
    'upsert, creates',
    (p) => p.tag.upsert({ where: { name: 'music' }, create: { name: 'music' }, update: { name: 'never' } }),
  ],
  [
    'upsert, updates',
    (p) => p.tag.upsert({ where: { name: 'music' }, create: { name: 'never' }, update: { name: 'song' } }),
  ],
  ['updateMany', (p) => p.user.updateMany({ where: { tutorId: 1 }, data: { role: 'TUTOR' } })],
  [
    'updateManyAndReturn',
    (p) =>
      p.user.updateManyAndReturn({
        where: { id: { in: [6, 7] } },
        data: { balance: 1 },
        select: { id: true, balance: true },
      }),
  ],
  ['unique violation', (p) => p.user.create({ data: person('ada') })],
  [
    'foreign key violation',
    (p) => p.profile.create({ data: { userId: 999, displayName: 'x', preferences: {} } }),
  ],
  ['unknown argument', (p) => p.user.findMany({ wher: {} } as never)],
  ['wrong type', (p) => p.user.findUnique({ where: { id: 'one' } } as never)],
  ['missing argument', (p) => p.user.create({ data: { name: 'x' } as never })],
  [
    '$queryRaw',
    (p) => p.$queryRaw`SELECT id, name, balance, "createdAt" FROM "User" WHERE id <= ${2} ORDER BY id`,
  ],
  ['$queryRawUnsafe', (p) => p.$queryRawUnsafe('SELECT count(*) AS n FROM "User" WHERE id > $1', 2)],
  ['$queryRaw, error', (p) => p.$queryRaw`SELECT * FROM nowhere`],
  ['$executeRaw', (p) => p.$executeRaw`UPDATE "User" SET name = name WHERE id <= ${3}`],
  ['$executeRawUnsafe', (p) => p.$executeRawUnsafe('UPDATE "User" SET name = name WHERE id = $1', 1)],
  [
    'array transaction',
    (p) =>
      p.$transaction([
        p.user.count(),
        p.tag.create({ data: { name: 'array' } }),
        p.user.findFirst({ where: { id: 1 } }),
      ]),
  ],
  [
    'array transaction that fails',
    (p) =>
      p.$transaction([p.tag.create({ data: { name: 'lost' } }), p.tag.create({ data: { name: 'array' } })]),
  ],
  [
    'interactive transaction',
    (p) =>
      p.$transaction(async (tx) => {
        const made = await tx.tag.create({ data: { name: 'interactive' } })
        const seen = await tx.tag.findMany({ orderBy: { id: 'asc' } })
        return { made, seen }
      }),
  ],
  [
    'interactive transaction that fails',
    (p) =>
      p.$transaction(async (tx) => {
        await tx.tag.create({ data: { name: 'gone' } })
        throw new Error('changed my mind')
      }),
  ],
  ['what the transactions left', (p) => p.tag.findMany({ orderBy: { name: 'asc' }, select: { name: true } })],
  [
    'concurrent reads',
    (p) =>
      Promise.all([1, 2, 3, 999].map((id) => p.user.findUnique({ where: { id }, select: { name: true } }))),
  ],
  [
    'concurrent lists by key',
    (p) =>
      Promise.all(
        [1, 2].map((userId) => p.conversation.findMany({ where: { userId }, orderBy: { id: 'asc' } })),
      ),
  ],
  ['concurrent counts', (p) => Promise.all([1, 2].map((tutorId) => p.user.count({ where: { tutorId } })))],
  ['delete', (p) => p.tag.delete({ where: { name: 'song' } })],
  ['delete, none', (p) => p.tag.delete({ where: { name: 'song' } })],
  ['deleteMany', (p) => p.tag.deleteMany({ where: { name: { in: ['array', 'interactive'] } } })],
  ['cascade', (p) => p.user.delete({ where: { id: 2 }, include: { conversations: true } })],
  [
    'what the cascade left',
    (p) => Promise.all([p.message.count(), p.conversation.count(), p.studySession.count(), p.user.count()]),
  ],
]

const classOfNine: Prisma.ClassSessionUncheckedCreateInput = {
  userId: 2,
  style: 'mat',
  minutes: 45,
  generatedAt: day(7),
  movements: {
    createMany: {
      data: Array.from({ length: 9 }, (_, index) => ({
        userId: 2,
        position: index,
        name: `movement ${index}`,
        muscleGroup: index % 2 === 0 ? 'core' : 'legs',
        seconds: 10 + index,
        generatedAt: day(7),
      })),
    },
  },
  quality: { create: { score: '0.93', createdAt: day(7) } },
}

/** Steps that end with an error, as they should. */
export const failing: readonly string[] = [
  'findUniqueOrThrow, none',
  'findFirstOrThrow, none',
  'update, none',
  'unique violation',
  'foreign key violation',
  'unknown argument',
  'wrong type',
  'missing argument',
  '$queryRaw, error',
  'array transaction that fails',
  'interactive transaction that fails',
  'delete, none',
]

/** What a step gave: its value, or all that a caller can see of its error. */
export type Outcome =
  { readonly step: string; readonly value: unknown } | { readonly step: string; readonly error: unknown }

/** Runs every step, one after the other. */
export async function recordRun(prisma: PrismaClient): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const [step, run] of steps) {
    try {
      outcomes.push({ step, value: readable(await run(prisma)) })
    } catch (error) {
      outcomes.push({ step, error: errorSeen(error) })
    }
  }
  return outcomes
}

/** Rows with computed fields are proxies, which never compare equal: what they show is copied out of them. */
function readable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value !== 'object' || value === null) return value
  const isRow = types.isProxy(value) || Object.getPrototypeOf(value) === Object.prototype
  if (!isRow) return value
  return Object.fromEntries(
    Object.keys(value).map((key) => [key, readable(value[key as keyof typeof value])]),
  )
}

/** Errors are equal in class, code, meta and message; the message less the code frame of its call site. */
function errorSeen(error: unknown): unknown {
  const { name, code, meta, message } = error as Error & { code?: string; meta?: object }
  return {
    kind: error?.constructor.name,
    name,
    code,
    meta: meta === undefined ? undefined : withoutDriver(meta),
    message: message
      .split('\n')
      .filter((line) => !/→|\d+ |invocation/.test(line))
      .join('\n'),
  }
}

/** The driver's own error object carries the connection it happened on. */
function withoutDriver(meta: object): object {
  const { driverAdapterError, ...rest } = meta as { driverAdapterError?: { cause?: unknown } }
  return { ...rest, cause: JSON.parse(JSON.stringify(driverAdapterError?.cause ?? null)) as unknown }
}
