import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { useBench } from './support/bench.ts'
import { cached } from './support/cached-client.ts'

type Client = ReturnType<typeof cached>
type Read = (of: PrismaClient) => Promise<unknown>
type Write = (of: PrismaClient) => Promise<unknown>

const bench = useBench(async (base) => {
  for (const id of [1, 2, 3])
    await base.user.create({
      data: { email: `user${id}@example.org`, name: `User ${id}`, tutorId: id === 3 ? 1 : null },
    })
  await base.exercise.create({
    data: { slug: 'one', title: 'One', subject: 'maths', difficulty: 1, content: {} },
  })
  for (const id of [1, 2])
    await base.userExercise.create({ data: { userId: id, exerciseId: 1, attempt: id } })
  for (const id of [1, 2])
    await base.conversation.create({ data: { id: `talk ${id}`, title: `Talk ${id}`, userId: id } })
})

const cacheStrategy = { ttl: 60 }
const byId = { orderBy: { id: 'asc' } } as const

/** Reads by what they are called in the cases below. */
const READS: Readonly<Record<string, Read>> = {
  'of user 1': (of) => of.userExercise.findMany({ where: { userId: 1 }, ...byId, cacheStrategy } as never),
  'of user 2': (of) =>
    of.userExercise.findMany({ where: { userId: { equals: 2 } }, ...byId, cacheStrategy } as never),
  'of user 3': (of) => of.userExercise.findFirst({ where: { AND: [{ userId: 3 }] }, cacheStrategy } as never),
  'count of user 2': (of) => of.userExercise.count({ where: { userId: 2 }, cacheStrategy } as never),
  'sum of user 2': (of) =>
    of.userExercise.aggregate({ where: { userId: 2 }, _sum: { attempt: true }, cacheStrategy } as never),
  'of users 1 and 3': (of) =>
    of.userExercise.findMany({ where: { userId: { in: [1, 3] } }, ...byId, cacheStrategy } as never),
  'of user 2, with users': (of) =>
    of.userExercise.findMany({
      where: { userId: 2 },
      include: { exercise: { select: { title: true } } },
      ...byId,
      cacheStrategy,
    } as never),
  'of user 2, and of those beside': (of) =>
    of.userExercise.findMany({
      where: { userId: 2 },
      include: { exercise: { include: { assignments: { orderBy: { id: 'asc' } } } } },
      ...byId,
      cacheStrategy,
    } as never),
  'of user 2, after a row': (of) =>
    of.userExercise.findMany({ where: { userId: 2 }, cursor: { id: 1 }, ...byId, cacheStrategy } as never),
  'of user 2, or by attempt': (of) =>
    of.userExercise.findMany({
      where: { OR: [{ userId: 2 }, { attempt: { gt: 0 } }] },
      ...byId,
      cacheStrategy,
    } as never),
  'not of user 2': (of) =>
    of.userExercise.findMany({ where: { NOT: { userId: 2 } }, ...byId, cacheStrategy } as never),
  'of many users': (of) =>
    of.userExercise.findMany({ where: { userId: { in: [2, 3, 4, 5, 6] } }, ...byId, cacheStrategy } as never),
  all: (of) => of.userExercise.findMany({ ...byId, cacheStrategy } as never),
}

const PLAIN = ['of user 1', 'of user 2', 'of user 3', 'count of user 2', 'sum of user 2', 'of users 1 and 3']
const WIDE = [
  'of user 2, and of those beside',
  'of user 2, after a row',
  'of user 2, or by attempt',
  'not of user 2',
  'of many users',
  'all',
]
const ONE = ['of user 1', 'of users 1 and 3']
const THREE = ['of user 3', 'of users 1 and 3']
const EVERY = [...PLAIN, 'of user 2, with users', ...WIDE]

/** Fills all, writes, and gives the names of what is read from the database afterwards. */
async function fallen(prisma: Client, write: Write, reads = READS): Promise<string[]> {
  const client = prisma as unknown as PrismaClient
  for (const read of Object.values(reads)) await read(client)
  await write(client)
  const fell: string[] = []
  for (const [name, read] of Object.entries(reads)) {
    const { data, info } = await prisma.$cache.withInfo(() => read(client))
    if (info.status !== 'hit') fell.push(name)
    // Whatever it rests on, it is true.
    expect(data).toEqual(await read(bench.base.$extends({ query: { $allOperations: bare } }) as never))
  }
  return fell.sort()
}

const bare = ({ args, query }: { args: unknown; query: (args: never) => Promise<unknown> }) => {
  const { cacheStrategy: _, ...rest } = args as { cacheStrategy?: unknown }
  return query(rest as never)
}

const names = (...lists: readonly string[][]): string[] => [...new Set(lists.flat())].sort()

const data = { userId: 1, exerciseId: 1, attempt: 9 }
const CASES: readonly [string, Write, string[]][] = [
  ['create', (of) => of.userExercise.create({ data }), names(ONE, WIDE)],
  [
    'create, whose answer lacks the column',
    (of) => of.userExercise.create({ data, select: { id: true } }),
    EVERY,
  ],
  [
    'create with connect',
    (of) =>
      of.userExercise.create({
        data: { attempt: 9, user: { connect: { id: 1 } }, exercise: { connect: { id: 1 } } },
      }),
    names(ONE, WIDE),
  ],
  ['createMany', (of) => of.userExercise.createMany({ data: [data] }), EVERY],
  [
    'createManyAndReturn',
    (of) => of.userExercise.createManyAndReturn({ data: [data, { ...data, userId: 3 }] }),
    names(ONE, THREE, WIDE),
  ],
  [
    'update of another column',
    (of) => of.userExercise.update({ where: { id: 1 }, data: { attempt: 7 } }),
    names(ONE, WIDE),
  ],
  [
    'update of another column, whose answer lacks this one',
    (of) => of.userExercise.update({ where: { id: 1 }, data: { attempt: 7 }, select: { id: true } }),
    EVERY,
  ],
  [
    'the same, which names the value',
    (of) =>
      of.userExercise.update({ where: { id: 1, userId: 1 }, data: { attempt: 7 }, select: { id: true } }),
    names(ONE, WIDE),
  ],
  [
    'update of the column, from an unknown value',
    (of) => of.userExercise.update({ where: { id: 1 }, data: { userId: 3 } }),
    EVERY,
  ],
  [
    'update of the column, from a named value',
    (of) => of.userExercise.update({ where: { id: 1, userId: 1 }, data: { userId: 3 } }),
    names(ONE, THREE, WIDE),
  ],
  [
    'updateMany of those who have the value',
    (of) => of.userExercise.updateMany({ where: { userId: 1 }, data: { attempt: 7 } }),
    names(ONE, WIDE),
  ],
  [
    'updateMany with a limit',
    (of) => of.userExercise.updateMany({ where: { userId: 1 }, data: { attempt: 7 }, limit: 1 }),
    EVERY,
  ],
  [
    'updateMany of the column',
    (of) => of.userExercise.updateMany({ where: { userId: 1 }, data: { userId: 3 } }),
    EVERY,
  ],
  [
    'updateManyAndReturn',
    (of) => of.userExercise.updateManyAndReturn({ where: { id: 1 }, data: { attempt: 7 } }),
    names(ONE, WIDE),
  ],
  [
    'upsert that updates',
    (of) => of.userExercise.upsert({ where: { id: 1 }, create: data, update: { attempt: 7 } }),
    names(ONE, WIDE),
  ],
  [
    'upsert that creates',
    (of) => of.userExercise.upsert({ where: { id: 99 }, create: data, update: { attempt: 7 } }),
    names(ONE, WIDE),
  ],
  ['delete', (of) => of.userExercise.delete({ where: { id: 1 } }), names(ONE, WIDE)],
  [
    'delete whose row is read before',
    (of) => of.userExercise.delete({ where: { id: 1 }, include: { user: true } }),
    EVERY,
  ],
  [
    'deleteMany of those who have the value',
    (of) => of.userExercise.deleteMany({ where: { userId: 1 } }),
    names(ONE, WIDE),
  ],
  ['deleteMany', (of) => of.userExercise.deleteMany({ where: { attempt: 1 } }), EVERY],
  [
    'a nested write',
    (of) =>
      of.user.update({ where: { id: 1 }, data: { exercises: { create: { exerciseId: 1, attempt: 8 } } } }),
    EVERY,
  ],
  ['a cascade', (of) => of.user.delete({ where: { id: 1 } }), EVERY],
  [
    'a write to a table that is joined',
    (of) => of.exercise.update({ where: { id: 1 }, data: { title: 'New' } }),
    names(['of user 2, with users', 'of user 2, and of those beside']),
  ],
]

test.each(CASES)('lists that may have changed fall, and no others: %s', async (_, write, expected) => {
  expect(await fallen(cached(bench.base), write)).toEqual([...expected].sort())
})

test('null is a value: lists of those who have none fall when one comes or goes', async () => {
  const reads: Readonly<Record<string, Read>> = {
    none: (of) => of.user.findMany({ where: { tutorId: null }, ...byId, cacheStrategy } as never),
    one: (of) => of.user.findMany({ where: { tutorId: 1 }, ...byId, cacheStrategy } as never),
    two: (of) => of.user.findMany({ where: { tutorId: 2 }, ...byId, cacheStrategy } as never),
  }
  const prisma = cached(bench.base)
  const move = (from: number | null, to: number | null): Write => {
    return (of) => of.user.update({ where: { id: 3, tutorId: from }, data: { tutorId: to } })
  }
  expect(await fallen(prisma, move(1, null), reads)).toEqual(['none', 'one'])
  expect(await fallen(prisma, move(null, 2), reads)).toEqual(['none', 'two'])
  // Other users lose their tutor by it.
  expect(await fallen(prisma, (of) => of.user.delete({ where: { id: 3 } }), reads)).toEqual([
    'none',
    'one',
    'two',
  ])
})

test('a column of text tells no lists apart: a collation may find what is written otherwise', async () => {
  const prisma = cached(bench.base)
  await bench.base.message.create({ data: { conversationId: 'talk 1', role: 'USER', body: 'hi' } })
  const reads: Readonly<Record<string, Read>> = {
    other: (of) =>
      of.message.findMany({ where: { conversationId: 'talk 2' }, ...byId, cacheStrategy } as never),
  }
  const write: Write = (of) =>
    of.message.updateMany({ where: { conversationId: 'talk 1' }, data: { body: 'x' } })
  expect(await fallen(prisma, write, reads)).toEqual(['other'])
})
