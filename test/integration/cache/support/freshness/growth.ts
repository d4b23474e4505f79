import type { Prisma, PrismaClient } from '../../../../../prisma/generated/postgresql/client.ts'
import type { Random } from '../../../../support/random.ts'
import { nested, rolledBack } from './transaction.ts'
import type { World } from './world.ts'

/**
 * Facts that only grow: the name of a user, the title of a conversation, the body of a message, each written by one
 * writer in every way there is, and read in many. What a read shows must not be less than what the last write that had
 * resolved before it set, nor anything that was rolled back.
 */
export class Growth {
  private readonly heard = { name: 0, title: 0, body: 0 }
  /** What a client has written itself it must see at once, whatever the others have heard. */
  private readonly own = new Map<string, number>()
  private written = { name: 0, title: 0, body: 0 }

  constructor(private readonly world: World) {}

  /** Writes the next version; {@link Growth.everybodyHasHeard} of it is for the caller to say. */
  async write(fact: Fact, random: Random, client: PrismaClient): Promise<number> {
    const version = ++this.written[fact]
    const write = (on: PrismaClient, value: string) => random.pick(WRITES[fact])(this.world, on, value)
    const undone = 'rolled back'
    switch (random.int(0, 6)) {
      case 0:
        await client.$transaction([write(client, String(version)), client.user.count()])
        break
      case 1:
        await client.$transaction(async (tx) => void (await write(tx as never, String(version))))
        break
      case 2:
        await client.$transaction(async (tx) => {
          await nested(tx, async (inner) => void (await write(inner, String(version))))
        })
        break
      case 3:
        await client.$transaction(async (tx) => {
          await write(tx as never, String(version))
          await nested(tx, async (inner) => {
            await write(inner, undone)
            throw rolledBack()
          }).catch(isRolledBack)
        })
        break
      case 4:
        await client
          .$transaction(async (tx) => {
            await write(tx as never, undone)
            throw rolledBack()
          })
          .catch(isRolledBack)
        await write(client, String(version))
        break
      default:
        await write(client, String(version))
    }
    this.own.set(`${fact} ${numberOf(client)}`, version)
    return version
  }

  everybodyHasHeard(fact: Fact, version: number): void {
    this.heard[fact] = Math.max(this.heard[fact], version)
  }

  async read(fact: Fact, random: Random, client: PrismaClient, strategy: object): Promise<void> {
    const least = Math.max(this.heard[fact], this.own.get(`${fact} ${numberOf(client)}`) ?? 0)
    const read = random.pick(READS[fact])
    const shown = await read(this.world, client, strategy)
    if (!(Number(shown) >= least)) {
      throw new Error(
        `a read that began after ${fact} ${least} was written shows ${JSON.stringify(shown)}:\n${read.toString()}`,
      )
    }
  }
}

const numbers = new WeakMap<object, number>()
let clients = 0

function numberOf(client: object): number {
  const number = numbers.get(client) ?? ++clients
  numbers.set(client, number)
  return number
}

export const FACTS = ['name', 'title', 'body'] as const
export type Fact = (typeof FACTS)[number]

function isRolledBack(error: unknown): void {
  if ((error as Error).message !== 'rolled back') throw error
}

type Write = (world: World, client: PrismaClient, value: string) => Prisma.PrismaPromise<unknown>

const WRITES: Readonly<Record<Fact, readonly Write[]>> = {
  name: [
    ({ grower }, p, name) => p.user.update({ where: { id: grower.user }, data: { name } }),
    (w, p, name) => p.user.update({ where: { email: `grower-${w.name}` }, data: { name } }),
    ({ grower }, p, name) =>
      p.user.update({ where: { id: grower.user }, data: { name }, select: { id: true } }),
    ({ grower }, p, name) => p.user.updateMany({ where: { id: grower.user }, data: { name } }),
    (w, p, name) =>
      p.user.upsert({
        where: { id: w.grower.user },
        create: { email: `grower-${w.name}`, name },
        update: { name },
      }),
    ({ grower }, p, name) =>
      p.conversation.update({ where: { id: grower.conversation }, data: { user: { update: { name } } } }),
    ({ grower }, p, name) =>
      p.message.update({
        where: { id: grower.message },
        data: { conversation: { update: { user: { update: { name } } } } },
      }),
    ({ grower }, p, name) => p.$executeRaw`UPDATE "User" SET name = ${name} WHERE id = ${grower.user}`,
  ],
  title: [
    ({ grower }, p, title) => p.conversation.update({ where: { id: grower.conversation }, data: { title } }),
    ({ grower }, p, title) => p.conversation.updateMany({ where: { userId: grower.user }, data: { title } }),
    ({ grower }, p, title) =>
      p.conversation.updateManyAndReturn({ where: { id: grower.conversation }, data: { title } }),
    ({ grower }, p, title) =>
      p.user.update({
        where: { id: grower.user },
        data: { conversations: { update: { where: { id: grower.conversation }, data: { title } } } },
      }),
    ({ grower }, p, title) =>
      p.user.update({
        where: { id: grower.user },
        data: { conversations: { updateMany: { where: {}, data: { title } } } },
      }),
    ({ grower }, p, title) =>
      p.$queryRaw`UPDATE "Conversation" SET title = ${title} WHERE id = ${grower.conversation} RETURNING id`,
  ],
  body: [
    ({ grower }, p, body) => p.message.update({ where: { id: grower.message }, data: { body } }),
    ({ grower }, p, body) =>
      p.message.updateMany({ where: { conversationId: grower.conversation }, data: { body } }),
    ({ grower }, p, body) =>
      p.conversation.update({
        where: { id: grower.conversation },
        data: { messages: { update: { where: { id: grower.message }, data: { body } } } },
      }),
    ({ grower }, p, body) =>
      p.user.update({
        where: { id: grower.user },
        data: {
          conversations: {
            update: {
              where: { id: grower.conversation },
              data: { messages: { updateMany: { where: {}, data: { body } } } },
            },
          },
        },
      }),
    ({ grower }, p, body) => p.$executeRaw`UPDATE "Message" SET body = ${body} WHERE id = ${grower.message}`,
  ],
}

type Read = (world: World, client: PrismaClient, strategy: object) => Promise<string | null | undefined>

const READS: Readonly<Record<Fact, readonly Read[]>> = {
  name: [
    async (w, p, s) => (await p.user.findUnique({ where: { id: w.grower.user }, ...s }))?.name,
    async (w, p, s) => (await p.user.findUnique({ where: { email: `grower-${w.name}` }, ...s }))?.name,
    async (w, p, s) => (await p.user.findMany({ where: { id: w.grower.user }, ...s }))[0]?.name,
    async (w, p, s) =>
      (await p.user.aggregate({ where: { id: w.grower.user }, _max: { name: true }, ...s }))._max.name,
    async (w, p, s) =>
      (
        await p.conversation.findUnique({
          where: { id: w.grower.conversation },
          include: { user: true },
          ...s,
        })
      )?.user.name,
    async (w, p, s) =>
      (await p.conversation.findUnique({ where: { id: w.grower.conversation }, ...s }).user())?.name,
    async (w, p, s) =>
      (
        await p.message.findFirst({
          where: { id: w.grower.message },
          select: { conversation: { select: { user: { select: { name: true } } } } },
          ...s,
        })
      )?.conversation.user.name,
  ],
  title: [
    async (w, p, s) =>
      (await p.conversation.findUnique({ where: { id: w.grower.conversation }, ...s }))?.title,
    async (w, p, s) =>
      (await p.conversation.findMany({ where: { user: { id: w.grower.user } }, ...s }))[0]?.title,
    async (w, p, s) =>
      (await p.user.findUnique({ where: { id: w.grower.user }, include: { conversations: true }, ...s }))
        ?.conversations[0]?.title,
    async (w, p, s) =>
      (await p.user.findUnique({ where: { id: w.grower.user }, ...s }).conversations())?.[0]?.title,
    async (w, p, s) =>
      (
        await p.conversation.groupBy({
          by: ['title'],
          where: { id: w.grower.conversation },
          orderBy: { title: 'asc' },
          ...s,
        })
      )[0]?.title,
  ],
  body: [
    async (w, p, s) => (await p.message.findUnique({ where: { id: w.grower.message }, ...s }))?.body,
    async (w, p, s) =>
      (
        await p.user.findUnique({
          where: { id: w.grower.user },
          include: { conversations: { include: { messages: true } } },
          ...s,
        })
      )?.conversations[0]?.messages[0]?.body,
    async (w, p, s) =>
      (await p.message.findMany({ where: { conversation: { userId: w.grower.user } }, ...s }))[0]?.body,
    async (w, p) =>
      (
        await (p as unknown as RawReads).$cache.queryRaw<{ body: string }[]>(
          ['SELECT body FROM "Message" WHERE id = $1', w.grower.message],
          { ttl: 300, models: ['Message'] },
        )
      )[0]?.body,
  ],
}

interface RawReads {
  readonly $cache: { queryRaw<T>(query: readonly [string, ...unknown[]], strategy: object): Promise<T> }
}
