import type { Random } from '../../../../support/random.ts'
import type { PeopleClient } from './people.ts'
import { nested, rolledBack } from './transaction.ts'

/** A write by its own, or one or more in a transaction of any kind, in which what fails is caught and the rest kept. */
export function peopleWrite(random: Random): (client: PeopleClient) => Promise<unknown> {
  const [one, two] = [single(random), single(random)]
  const caught = (write: Write, tx: PeopleClient): Promise<unknown> => write(tx).catch(() => undefined)
  const named = (how: string, write: Write): Write =>
    Object.assign(write, { toString: () => `${how} of ${one.toString()}, ${two.toString()}` })
  switch (random.int(0, 7)) {
    case 0:
      return named('commit, what fails caught,', (client) =>
        client.$transaction(async (tx) => [await caught(one, tx), await caught(two, tx)]),
      )
    case 1:
      return named('commit, what fails caught, of the first', (client) =>
        client.$transaction(async (tx) => caught(one, tx)),
      )
    case 2:
      return named('rollback', (client) =>
        client.$transaction(async (tx) => {
          await caught(one, tx)
          throw rolledBack()
        }),
      )
    case 3:
      return named('savepoints, the second rolled back,', (client) =>
        client.$transaction(async (tx) => {
          await nested(tx, async (inner) => caught(one, inner as never)).catch(() => undefined)
          await nested(tx, async (inner) => {
            await two(inner as never)
            throw rolledBack()
          }).catch(() => undefined)
        }),
      )
    case 4:
      return named('array', (client) => client.$transaction([one(client), two(client)]))
    default:
      return one
  }
}

type Write = (client: PeopleClient) => Promise<unknown>

/** Ids that are there, and one that is not. */
const anybody = (random: Random) => random.pick([1, 2, 3, 4, 1, 2, 3, 999])

function single(random: Random): Write {
  const id = anybody(random)
  const post = random.pick([1, 2, 3, 999])
  const name = random.word()
  const links = {
    boss: random.pick([{ connect: { id: anybody(random) } }, { disconnect: true }, { update: { name } }]),
    reports: random.pick([
      { connect: { id: anybody(random) } },
      { create: { email: name, name } },
      { updateMany: { where: {}, data: { name } } },
      { update: { where: { id: anybody(random) }, data: { name } } },
      { set: [] },
    ]),
    friends: random.pick([
      { connect: [{ id: anybody(random) }] },
      { disconnect: [{ id: anybody(random) }] },
      { set: [{ id: anybody(random) }] },
      { deleteMany: { id: 3 } },
    ]),
    written: random.pick([
      { create: { title: name } },
      { connect: { id: post } },
      {
        update: {
          where: { id: post },
          data: { title: name, reviewer: { connect: { id: anybody(random) } } },
        },
      },
      { deleteMany: {} },
    ]),
    reviewed: random.pick([{ connect: { id: post } }, { disconnect: { id: post } }]),
  }
  const some = Object.fromEntries(random.sample(Object.entries(links), random.int(0, 2)))
  // Prisma writes the columns first, and what is nested after them.
  const data = { ...(random.chance(0.7) ? { name } : {}), ...some }
  const select = random.pick([{}, {}, { select: { id: true } }, { include: { boss: true } }])
  const send = (model: 'person' | 'post', operation: string, args: object): Write => {
    const write: Write = (client) => (client[model][operation] as (args: object) => Promise<unknown>)(args)
    return Object.assign(write, { toString: () => `${model}.${operation}(${JSON.stringify(args)})` })
  }
  if (random.chance(0.4)) return moving(random, send)
  // The plainest writes are told apart from others most finely, so they are half of all.
  if (random.chance(0.5)) {
    const plain = { name, ...(random.chance(0.4) ? { bossId: random.pick([1, 2, 3, null]) } : {}) }
    const where = random.chance(0.2) ? { email: 'two' } : { id: random.int(1, 4) }
    return random.pick([
      send('person', 'update', { where, data: plain }),
      send('person', 'update', { where, data: plain, select: { id: true } }),
      send('person', 'create', { data: { email: name, ...plain } }),
      send('post', 'update', { where: { id: random.int(1, 3) }, data: { title: name } }),
    ])
  }
  switch (random.int(0, 11)) {
    case 0:
      return send('person', 'create', { data: { email: name, name, ...creatable(some) }, ...select })
    case 1:
      return send('person', 'delete', { where: { id } })
    case 2:
      return send('person', 'updateMany', { where: { id: { in: [id, 2] } }, data: { name } })
    case 3:
      return send('person', 'upsert', {
        where: { id },
        create: { email: name, name },
        update: data,
        ...select,
      })
    case 4:
      return send('post', 'update', {
        where: { id: post },
        data: { title: name, reviewer: { connect: { id: anybody(random) } } },
      })
    case 5:
      return send('post', 'create', {
        data: { title: name, author: { connect: { id: anybody(random) } }, reviewer: { connect: { id: 1 } } },
      })
    case 6:
      return send('person', 'update', { where: { id }, data: { email: random.pick(['one', 'two', name]) } })
    case 7:
      return send('person', 'createMany', {
        data: [
          { email: name, name },
          { email: random.pick(['one', `${name}2`]), name },
        ],
      })
    default:
      return send('person', 'update', { where: { id }, data, ...select })
  }
}

/** Rows come to, leave and stay with an author, a reviewer or a boss, who may be named or not, and be in the answer or not. */
function moving(
  random: Random,
  send: (model: 'person' | 'post', operation: string, args: object) => Write,
): Write {
  const who = () => random.int(1, 3)
  const column = random.pick(['authorId', 'reviewerId'])
  const to = column === 'authorId' ? who() : random.pick([who(), null])
  const data = random.pick([
    { [column]: to },
    { title: random.word() },
    { title: random.word(), [column]: to },
  ])
  const id = random.int(1, 3)
  const by = random.pick([{ authorId: who() }, { reviewerId: who() }, { authorId: { in: [1, 2] } }, {}])
  const select = random.pick([{}, { select: { id: true } }, { include: { author: true } }])
  const created = { title: random.word(), authorId: who(), reviewerId: random.pick([who(), null]) }
  const boss = random.pick([who(), null])
  return random.pick([
    send('post', 'update', { where: { id, ...by }, data, ...select }),
    send('post', 'update', { where: { id }, data, ...select }),
    send('post', 'updateMany', { where: by, data }),
    send('post', 'updateMany', { where: { ...by, id: { gt: 1 } }, data, limit: 1 }),
    send('post', 'create', { data: created, ...select }),
    send('post', 'createMany', { data: [created, { title: random.word(), authorId: who() }] }),
    send('post', 'upsert', {
      where: { id: random.pick([id, 99]) },
      create: created,
      update: data,
      ...select,
    }),
    send('post', 'delete', { where: { id, ...by }, ...select }),
    send('post', 'deleteMany', { where: { ...by, id } }),
    send('post', 'deleteMany', { where: { reviewerId: null } }),
    send('person', 'update', { where: { id: who() }, data: { bossId: boss } }),
    send('person', 'updateMany', { where: { bossId: who() }, data: { bossId: boss } }),
    send('person', 'update', { where: { id: who() }, data: { reports: { connect: { id: who() } } } }),
  ])
}

/** What a row that is new can be given. */
function creatable(links: Record<string, object>): object {
  return Object.fromEntries(Object.entries(links).filter(([, link]) => 'connect' in link || 'create' in link))
}
