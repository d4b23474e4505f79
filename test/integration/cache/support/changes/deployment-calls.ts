import type { Random } from '../../../../support/random.ts'
import { peopleRead } from '../freshness/people-reads.ts'
import type { Deployment, PeopleClient } from '../freshness/people.ts'
import { peopleWrite } from '../freshness/people-writes.ts'

export type Read = (client: PeopleClient, strategy: object) => Promise<unknown>

export interface Write {
  (client: PeopleClient): Promise<unknown>
  /** Whether the client knows all that it changes: no trigger of the database, no key that it has not heard of, no raw SQL. */
  readonly isKnown: boolean
}

/**
 * What a program is about: reads and writes of few rows of few tables meet, where of all tables they would pass each other by.
 * `links`: those of friends, which one deployment has as a relation and another as rows; `greetings`: a trigger of the database
 * writes to a person for each of the other posts.
 */
export type Topic = 'all' | 'posts' | 'keys' | 'links' | 'authors' | 'greetings'
export const TOPICS: readonly Topic[] = ['all', 'all', 'posts', 'keys', 'links', 'authors', 'greetings']

const ABOUT: Readonly<Record<Topic, (call: string) => boolean>> = {
  all: () => true,
  posts: (call) => /^\["posts?"/.test(call),
  keys: (call) => /^\["posts".*ownerId_/.test(call),
  links: (call) => /friendship|friend/.test(call),
  authors: (call) => /^\["(post|person)"/.test(call) && !/friend|liked|posts|otherPost/.test(call),
  greetings: (call) => /^\["(otherPost|person)"/.test(call) && !/friend|liked/.test(call),
}

/** Those that are about the topic; all, where none is. */
function about<T>(topic: Topic, calls: readonly T[]): readonly T[] {
  const some = calls.filter((call) => ABOUT[topic](text(call)))
  return some.length === 0 ? calls : some
}

const idFor = (random: Random, topic: Topic): number => random.int(1, topic === 'all' ? 4 : 2)

/** A read that a deployment can make. */
export function readOf(random: Random, deployment: Deployment, topic: Topic): Read {
  const id = idFor(random, topic)
  if (deployment === 'now' && topic === 'all' && random.chance(0.7)) return peopleRead(random)
  const [model, operation, args] = random.pick(about(topic, READS[deployment](id, random)))
  const whole = { ...args, ...(operation === 'findMany' ? { orderBy: ORDER[model] ?? { id: 'asc' } } : {}) }
  const read: Read = (client, strategy) =>
    (client[model as 'person'][operation] as (args: object) => Promise<unknown>)({ ...whole, ...strategy })
  return Object.assign(read, {
    toString: () => `${deployment}: ${model}.${operation}(${text(whole)})`,
  })
}

type Sent = readonly [model: string, operation: string, args: object]

/** Where it is not the id. */
const ORDER: Readonly<Record<string, object>> = { friendship: [{ from: 'asc' }, { to: 'asc' }] }

const READS: Readonly<Record<Deployment, (id: number, random: Random) => readonly Sent[]>> = {
  now: (id, random) => {
    const kind = random.pick(['A', 'B'])
    return [
      ['posts', 'findUnique', { where: { id } }],
      ['posts', 'findUnique', { where: { ownerId_kind: { ownerId: id, kind } } }],
      ['posts', 'findMany', { where: { ownerId: id } }],
      ['posts', 'findMany', { where: { kind, ownerId: { in: [id, 1] } }, include: { owner: true } }],
      ['posts', 'count', { where: { title: 's' } }],
      ['otherPost', 'findUnique', { where: { id } }],
      ['otherPost', 'findMany', { where: { authorId: id } }],
      ['otherPost', 'findMany', { include: { author: { select: { name: true } } } }],
      ['person', 'findUnique', { where: { id }, include: { posts: true, otherPosts: true } }],
      [
        'person',
        'findUnique',
        { where: { id }, select: { friends: { select: { id: true, name: true }, orderBy: { id: 'asc' } } } },
      ],
      ['person', 'findUnique', { where: { id }, select: { _count: { select: { friendOf: true } } } }],
      ['person', 'count', { where: { friends: { some: { id: { gt: 1 } } } } }],
      ['person', 'findUnique', { where: { id } }],
      ['person', 'findUnique', { where: { email: random.pick(['one', 'two']) } }],
      ['person', 'findMany', { where: { bossId: random.pick([id, null]) } }],
      ['post', 'findUnique', { where: { id } }],
      ['post', 'findMany', {}],
      ['post', 'findMany', { where: { authorId: id } }],
      ['post', 'findMany', { where: { reviewerId: random.pick([id, null]) } }],
    ]
  },
  other: (id, random) => {
    const mood = random.pick(['ANNA', 'BERT'])
    return [
      ['person', 'findUnique', { where: { id: BigInt(id) }, select: { label: true, mood: true } }],
      ['person', 'findUnique', { where: { email: random.pick(['one', 'two', 'three']) } }],
      [
        'person',
        'findMany',
        { where: { bossId: random.pick([BigInt(id), null]) }, select: { id: true, label: true } },
      ],
      ['person', 'count', { where: { mood } }],
      ['person', 'findUnique', { where: { id: BigInt(id) }, select: { liked: true, many: true } }],
      ['friendship', 'findMany', { where: { from: BigInt(id) } }],
      ['friendship', 'findMany', { include: { liked: { select: { label: true } } } }],
      ['friendship', 'findUnique', { where: { from_to: { from: BigInt(id), to: 2n } } }],
      ['friendship', 'count', {}],
      ['post', 'findUnique', { where: { id: BigInt(id) } }],
      ['post', 'findMany', { where: { authorId: BigInt(id) }, include: { by: { select: { label: true } } } }],
      ['post', 'findMany', { where: { reviewerId: random.pick([BigInt(id), null]) } }],
      ['posts', 'findUnique', { where: { key: BigInt(id) } }],
      ['posts', 'findUnique', { where: { ownerId_mood: { ownerId: BigInt(id), mood } } }],
      ['posts', 'count', { where: { ownerId: BigInt(id) } }],
    ]
  },
  blind: (id, random) => [
    ['person', 'findUnique', { where: { id } }],
    ['person', 'findMany', { where: { bossId: random.pick([id, null]) } }],
    ['person', 'count', {}],
    ['post', 'findUnique', { where: { id } }],
    ['post', 'findMany', { where: { authorId: id } }],
    ['post', 'findMany', { where: { reviewerId: random.pick([id, null]) } }],
  ],
}

/** A write of a deployment's own client. */
export function writeOf(random: Random, deployment: Deployment, topic: Topic): Write {
  if (deployment === 'now' && topic === 'all' && random.chance(0.6)) {
    const write = peopleWrite(random)
    return Object.assign((client: PeopleClient) => write(client), {
      isKnown: true,
      toString: () => `now: ${write.toString()}`,
    })
  }
  const some = () => random.pick(about(topic, WRITES[deployment](idFor(random, topic), random)))
  const [one, other] = [some(), some()]
  const [how, sent] = random.pick<[string, readonly Sent[]]>([
    ['', [one]],
    ['transaction', [one, other]],
    ['array', [one, other]],
    ['at once', [one, other]],
  ])
  const run = async (client: PeopleClient): Promise<unknown> => {
    const send = (of: PeopleClient, [model, operation, args]: Sent): Promise<unknown> =>
      (of[model as 'person'][operation] as (args: object) => Promise<unknown>)(args)
    if (how === 'transaction')
      return client.$transaction(async (tx) => {
        for (const each of sent) await send(tx, each)
      })
    if (how === 'array') return client.$transaction(sent.map((each) => send(client, each)))
    return Promise.allSettled(sent.map((each) => send(client, each)))
  }
  return Object.assign(run, {
    // A trigger greets with each of them.
    isKnown: deployment !== 'blind' && sent.every(([model]) => model !== 'otherPost'),
    toString: () => `${deployment}: ${how} ${sent.map((each) => text(each)).join(', ')}`,
  })
}

const WRITES: Readonly<Record<Deployment, (id: number, random: Random) => readonly Sent[]>> = {
  now: (id, random) => {
    const title = random.word()
    const kind = random.pick(['A', 'B'])
    const authorId = random.int(1, 3)
    return [
      ['posts', 'update', { where: { id }, data: { title } }],
      ['posts', 'update', { where: { ownerId_kind: { ownerId: id, kind } }, data: { kind: 'B' } }],
      ['posts', 'update', { where: { id }, data: { ownerId: authorId } }],
      ['posts', 'updateMany', { where: { kind }, data: { title } }],
      ['posts', 'create', { data: { id: 10 + id, ownerId: authorId, kind, title } }],
      ['posts', 'delete', { where: { id } }],
      ['otherPost', 'update', { where: { id }, data: { title, authorId } }],
      [
        'otherPost',
        'upsert',
        { where: { id }, create: { id, title, authorId }, update: { author: { connect: { id: authorId } } } },
      ],
      ['otherPost', 'deleteMany', { where: { authorId } }],
      ['otherPost', 'create', { data: { id: random.int(10, 99), title, authorId } }],
      ['person', 'update', { where: { id }, data: { kind } }],
      ['person', 'update', { where: { id }, data: { name: title } }],
      ['person', 'update', { where: { id }, data: { bossId: random.pick([authorId, null]) } }],
      ['person', 'update', { where: { id }, data: { friends: { connect: { id: authorId } } } }],
      ['person', 'update', { where: { id }, data: { friends: { set: [{ id: authorId }] } } }],
      ['person', 'update', { where: { id }, data: { friendOf: { disconnect: { id: authorId } } } }],
      ['post', 'update', { where: { id }, data: { authorId } }],
      ['post', 'update', { where: { id }, data: { reviewerId: random.pick([authorId, null]) } }],
      ['post', 'create', { data: { title, authorId } }],
      ['person', 'delete', { where: { id } }],
    ]
  },
  other: (id, random) => {
    const title = random.word()
    const who = BigInt(random.int(1, 3))
    const mood = random.pick(['ANNA', 'BERT'])
    return [
      ['person', 'update', { where: { id: BigInt(id) }, data: { label: title } }],
      ['person', 'update', { where: { email: 'two' }, data: { mood, bossId: random.pick([who, null]) } }],
      ['person', 'create', { data: { email: title, label: title, bossId: who } }],
      ['person', 'delete', { where: { id: BigInt(id) } }],
      ['friendship', 'create', { data: { from: BigInt(id), to: who } }],
      ['friendship', 'deleteMany', { where: { from: BigInt(id) } }],
      ['friendship', 'updateMany', { where: { to: who }, data: { to: BigInt(id) } }],
      ['post', 'update', { where: { id: BigInt(id) }, data: { authorId: who } }],
      ['post', 'create', { data: { title, authorId: who, reviewerId: random.pick([who, null]) } }],
      ['post', 'deleteMany', { where: { reviewerId: who } }],
      ['posts', 'update', { where: { key: BigInt(id) }, data: { mood } }],
      ['posts', 'update', { where: { ownerId_mood: { ownerId: who, mood } }, data: { title } }],
      ['posts', 'updateMany', { where: { ownerId: who }, data: { title } }],
      ['posts', 'delete', { where: { key: BigInt(id) } }],
    ]
  },
  blind: (id, random) => [
    ['person', 'update', { where: { id }, data: { name: random.word(), bossId: random.pick([1, null]) } }],
    ['person', 'delete', { where: { id } }],
    ['post', 'update', { where: { id }, data: { authorId: random.int(1, 3) } }],
    ['post', 'deleteMany', { where: { authorId: id } }],
  ],
}

/** As text, ids of any size too. */
export function text(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))
}
