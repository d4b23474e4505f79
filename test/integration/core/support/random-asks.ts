import { skip } from '@prisma/client/runtime/client'
import { Prisma, type PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'
import type { Random } from '../../../support/random.ts'

type Args = Record<string, unknown>
type Method = (args?: unknown) => Answer
export type Answer = Promise<unknown> & Record<string, (args?: unknown) => Answer>
export type Client = Record<string, Record<string, Method>> & PrismaClient

/** One call, as data; made anew for each side, for some arguments can be read but once. */
export interface Ask {
  readonly model: string
  readonly operation: string
  readonly args: () => unknown
  readonly fluent: readonly (readonly [string, unknown])[]
}

const START = new Date('2025-01-01')
const IDS = [1, 2, 3, 4, 999]
const fields: Record<string, Record<string, (random: Random) => unknown>> = {
  user: {
    id: (random) => random.pick(IDS),
    email: (random) => random.pick(['ada@example.org', 'bob@example.org', 'none@example.org']),
    name: (random) => random.pick(['ada', 'bob', 'x']),
    role: (random) => random.pick(['STUDENT', 'TUTOR', 'nobody']),
    balance: (random) => random.pick([0, 2.5, new Prisma.Decimal('2.50'), '2.5']),
    createdAt: (random) => random.pick([START, '2025-01-01T00:00:00.000Z', new Date(Number.NaN)]),
  },
  conversation: {
    id: (random) => random.pick(['ada-talk', 'bob-talk', 'none']),
    title: (random) => random.pick(["ada's", 'none']),
    userId: (random) => random.pick(IDS),
  },
  message: {
    id: (random) => random.pick(IDS),
    conversationId: (random) => random.pick(['ada-talk', 'bob-talk']),
    tokens: (random) => random.pick([3, null, 1.5]),
    body: (random) => random.pick(['hello', '']),
  },
  profile: {
    userId: (random) => random.pick(IDS),
    displayName: (random) => random.pick(['ada', 'bob']),
    avatar: (random) =>
      random.pick([Buffer.from('ada'), new Uint8Array([97, 100, 97]), new Uint16Array([1])]),
    preferences: (random) =>
      random.pick([
        { equals: { a: [1, null] } },
        { equals: Prisma.JsonNull },
        { path: ['a'], equals: Prisma.AnyNull },
      ]),
    bio: (random) => random.pick([null, Prisma.DbNull]),
  },
  studySession: {
    id: (random) => random.pick(IDS),
    events: (random) => random.pick([9_007_199_254_740_993n, 3, BigInt(1) << 70n]),
    startedAt: () => START,
    focus: (random) => random.pick([0.5, Number.NaN, Infinity, null]),
  },
}
const relations: Record<string, readonly string[]> = {
  user: ['conversations', 'profile', 'tutor', 'messages'],
  conversation: ['user', 'messages', 'tags'],
  message: ['conversation', 'author', 'replies'],
  profile: ['user'],
  studySession: ['user'],
}
const target: Record<string, string> = {
  conversations: 'conversation',
  profile: 'profile',
  tutor: 'user',
  messages: 'message',
  user: 'user',
  conversation: 'conversation',
  author: 'user',
  replies: 'message',
}
const uniques: Record<string, readonly string[]> = {
  user: ['id', 'email'],
  conversation: ['id'],
  message: ['id'],
  profile: ['userId'],
  studySession: ['id'],
}

class Condition {
  constructor(args: object) {
    Object.assign(this, args)
  }
  get loud(): number {
    return 1
  }
}

/** What stands in place of a value now and then. */
const oddities = (value: unknown): unknown[] => [
  undefined,
  null,
  skip,
  {},
  [],
  [value],
  [value, undefined],
  { equals: value },
  { in: Array.from({ length: 300 }, () => value) },
  { not: value },
  Prisma.DbNull,
  () => value,
  Symbol.iterator,
  new Condition({ equals: value }),
  Object.assign(Object.create(null) as object, { equals: value }),
  Object.freeze({ equals: value }),
  {
    get equals() {
      return value
    },
  },
  new Proxy({ equals: value }, {}),
  { toJSON: () => ({ equals: value }) },
  Object(value),
  new Map([['equals', value]]),
  new (class extends Date {})('2025-01-01'),
  { s: 1, e: 0, d: [1], toFixed: () => '1', constructor: Prisma.Decimal },
  { __proto__: { equals: value } },
  { [Symbol('hidden')]: 1, equals: value },
]

function condition(random: Random, model: string, depth = 0): Args {
  const where: Args = {}
  for (const name of random.sample(Object.keys(fields[model]!), random.int(0, 2))) {
    const value = fields[model]![name]!(random)
    where[name] = random.chance(0.85) ? value : random.pick(oddities(value))
  }
  if (depth < 3 && random.chance(0.2))
    where[random.pick(['AND', 'OR', 'NOT'])] = random.list(0, 3, () => condition(random, model, depth + 1))
  if (depth === 0 && random.chance(0.02)) return nested(random.pick([20, 99, 100, 101, 300]))
  if (depth === 0 && random.chance(0.02)) where['AND'] = where
  return where
}

const nested = (depth: number): Args => (depth === 0 ? { id: 1 } : { AND: nested(depth - 1) })

function uniqueCondition(random: Random, model: string): Args {
  const name = random.pick(uniques[model]!)
  const value = fields[model]![name]!(random)
  return {
    [name]: random.chance(0.9) ? value : random.pick(oddities(value)),
    ...(random.chance(0.2) ? condition(random, model) : {}),
  }
}

function selection(random: Random, model: string, depth = 0): Args {
  const relation = random.pick(relations[model]!)
  const inner =
    depth < 2 && target[relation] !== undefined ? selection(random, target[relation], depth + 1) : {}
  const names = random.sample(Object.keys(fields[model]!), random.int(1, 3))
  return random.pick<() => Args>([
    () => ({}),
    () => ({}),
    () => ({ include: { [relation]: Object.keys(inner).length === 0 ? true : inner } }),
    () => ({ select: { ...Object.fromEntries(names.map((name) => [name, true])), [relation]: inner } }),
    () => ({ select: Object.fromEntries(names.map((name) => [name, random.chance(0.8)])) }),
    () => ({ omit: Object.fromEntries(names.map((name) => [name, random.chance(0.8)])) }),
    () => ({ include: { _count: true } }),
    () =>
      random.pick<Args>([
        { select: {} },
        { select: null },
        { include: { nobody: true } },
        { select: { id: skip } },
      ]),
  ])()
}

function data(random: Random, model: string): Args {
  const values: Args = {}
  const common: Record<string, Args> = {
    user: {
      name: random.word(3),
      email: random.chance(0.8) ? `${random.word(6)}@example.org` : 'ada@example.org',
    },
    conversation: { title: random.word(), ...(random.chance(0.5) ? { userId: random.pick(IDS) } : {}) },
    message: { role: 'USER', body: random.word(), conversationId: random.pick(['ada-talk', 'none']) },
    profile: {
      displayName: random.word(),
      preferences: { [random.word()]: random.pick([1, null, [1], START]) },
    },
    studySession: { subject: 'math', minutes: 1, startedAt: START, userId: random.pick(IDS) },
  }
  Object.assign(values, common[model])
  const name = random.pick(Object.keys(fields[model]!))
  if (name !== 'id' && random.chance(0.5)) {
    const value = fields[model]![name]!(random)
    values[name] = random.chance(0.8) ? value : random.pick(oddities(value))
  }
  if (model === 'user' && random.chance(0.3))
    values['conversations'] = random.pick<Args>([
      { create: { id: random.word(9), title: 'nested', messages: { create: { role: 'USER', body: 'x' } } } },
      { connect: { id: 'ada-talk' } },
      { connectOrCreate: { where: { id: 'ada-talk' }, create: { title: 'never' } } },
      { create: { title: 'nested', nobody: 1 } },
      { connect: { id: 'none' } },
    ])
  return values
}

function argsOf(random: Random, model: string, operation: string): unknown {
  const where = (): Args => (random.chance(0.8) ? { where: condition(random, model) } : {})
  const name = random.pick(Object.keys(fields[model]!))
  switch (operation) {
    case 'findUnique':
    case 'findUniqueOrThrow':
    case 'delete':
      return { where: uniqueCondition(random, model), ...selection(random, model) }
    case 'findFirst':
    case 'findFirstOrThrow':
    case 'findMany':
      return {
        ...where(),
        ...selection(random, model),
        ...random.pick<Args>([
          {},
          {},
          { take: 2 },
          { skip: 1 },
          { take: -1 },
          { take: '2' },
          { distinct: [name] },
        ]),
        ...random.pick<Args>([
          {},
          { orderBy: { [name]: 'desc' } },
          { orderBy: [] },
          { orderBy: { nobody: 'asc' } },
        ]),
      }
    case 'count':
      return {
        ...where(),
        ...random.pick<Args>([
          {},
          {},
          { select: { _all: true, [name]: true } },
          { select: { _all: false } },
          { select: {} },
          { select: null },
          { select: true },
          { _count: true },
          { take: 1 },
        ]),
      }
    case 'aggregate':
      return {
        ...where(),
        ...random.pick<Args>([
          { _count: true },
          { _count: false },
          { _count: { _all: true }, _max: { [name]: true } },
          { _min: { [name]: true }, _avg: { [name]: true } },
          { _sum: { id: true }, _count: true },
          {},
        ]),
      }
    case 'groupBy':
      return {
        ...where(),
        by: random.pick<unknown>([name, [name], [[name]], [], undefined]),
        ...random.pick<Args>([{ _count: true }, { _count: { _all: true } }, { _max: { id: true } }, {}]),
        orderBy: { [name]: 'asc' },
      }
    case 'create':
      return { data: data(random, model), ...selection(random, model) }
    case 'createMany':
    case 'createManyAndReturn':
      return {
        data: random.list(0, 3, () => data(random, model)),
        ...(random.chance(0.3) ? { skipDuplicates: true } : {}),
      }
    case 'update':
      return { where: uniqueCondition(random, model), data: data(random, model), ...selection(random, model) }
    case 'updateMany':
    case 'updateManyAndReturn':
      return { ...where(), data: data(random, model) }
    case 'upsert':
      return {
        where: uniqueCondition(random, model),
        create: data(random, model),
        update: data(random, model),
        ...selection(random, model),
      }
    default:
      return where()
  }
}

/** Arguments in another dress. */
const dresses: ((args: unknown) => unknown)[] = [
  (args) => Object.freeze(args),
  (args) => Object.assign(Object.create(null) as object, args),
  (args) => new Condition(args as object),
  (args) => new Proxy(args as object, {}),
  (args) => Object.create(args as object) as unknown,
  (args) => ({ ...(args as object), nobody: undefined, take: undefined }),
  (args) => ({ ...(args as object), nobody: 1 }),
  () => undefined,
  () => ({}),
  () => [],
  () => 5,
  () => 'text',
  () => JSON.parse('{"where":{"__proto__":{"id":1}}}') as unknown,
  () => JSON.parse('{"__proto__":{"take":1}}') as unknown,
  () => ({
    get where(): never {
      throw new RangeError('no')
    },
  }),
]

const OPERATIONS =
  `findUnique findUniqueOrThrow findFirst findFirstOrThrow findMany count aggregate groupBy create
  createMany createManyAndReturn update updateMany updateManyAndReturn upsert delete deleteMany`.split(/\s+/)
const FLUENT = /^(findUnique|findFirst|create$|update$|upsert|delete$)/

export function randomAsk(random: Random): Ask {
  const model = random.pick(Object.keys(fields))
  const operation = random.pick(OPERATIONS)
  const args = argsOf(random, model, operation)
  const dressed = random.chance(0.15) ? random.pick(dresses)(args) : args
  const fluent: [string, unknown][] = []
  if (FLUENT.test(operation) && random.chance(0.25)) {
    const relation = random.pick(relations[model]!)
    fluent.push([relation, random.pick([undefined, {}, { select: { id: true } }, { where: { id: 1 } }])])
    const next = relations[target[relation] ?? '']
    if (next !== undefined && random.chance(0.3)) fluent.push([random.pick(next), undefined])
  }
  return { model, operation, args: () => dressed, fluent }
}

export function start(client: Client, { model, operation, args, fluent }: Ask): Answer {
  let answer = client[model]![operation]!(args())
  for (const [relation, inner] of fluent) answer = answer[relation]!(inner)
  return answer
}

// ── how it is asked ─────────────────────────────────────────────────────────────────────────────────
