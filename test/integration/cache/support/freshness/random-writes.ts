import type { PrismaClient } from '../../../../../prisma/generated/postgresql/client.ts'
import type { Random } from '../../../../support/random.ts'
import { nested, rolledBack } from './transaction.ts'
import type { World } from './world.ts'

type Client = PrismaClient

/** One random write; what it could not do, because the row is gone or taken, it leaves. */
export async function writeAtRandom(world: World, random: Random, client: Client): Promise<void> {
  const write = (on: Client) => random.pick(writes)(world, random, on)
  try {
    if (random.chance(0.5)) await write(client)
    else {
      const [rollsBack, isNested] = [random.chance(0.5), random.chance(0.4)]
      await client.$transaction(async (tx) => {
        await write(tx as never)
        // Of a savepoint that is rolled back nothing remains, and nothing else is lost.
        if (isNested)
          await nested(tx, async (inner) => {
            await write(inner)
            if (random.chance(0.5)) throw rolledBack()
          }).catch(known)
        if (rollsBack) throw rolledBack()
      })
    }
  } catch (error) {
    known(error)
  }
}

type Write = (world: World, random: Random, client: Client) => Promise<unknown>
const user = (world: World, random: Random) => ({ id: random.pick(world.users) })
const conversation = (world: World, random: Random) => ({ id: random.pick(world.conversations) })
const tag = (world: World, random: Random) => ({ id: random.pick(world.tags) })
const profile = (random: Random) => ({
  displayName: random.word(),
  preferences: { [random.word()]: random.int(0, 9) },
})

const writes: readonly Write[] = [
  (w, r, p) => p.user.update({ where: user(w, r), data: { name: r.word() } }),
  (w, r, p) =>
    p.user.update({ where: { email: `x-${w.name}` }, data: { name: r.word() }, select: { id: true } }),
  (w, r, p) => p.user.updateMany({ where: user(w, r), data: { name: r.word() } }),
  // They answer with other rows than the one that they write.
  (w, r, p) => p.conversation.update({ where: conversation(w, r), data: { title: r.word() } }).user(),
  (w, r, p) => p.message.update({ where: { id: r.pick(w.messages) }, data: { body: r.word() } }).replyTo(),
  (w, r, p) => p.user.update({ where: user(w, r), data: { email: `${r.pick(['x', 'y', 'z'])}-${w.name}` } }),
  (w, r, p) =>
    p.user.update({
      where: user(w, r),
      data: { profile: { upsert: { create: profile(r), update: profile(r) } } },
    }),
  (w, r, p) => p.user.update({ where: user(w, r), data: { conversations: { connect: conversation(w, r) } } }),
  async (w, r, p) => {
    const data = { title: r.word(), userId: r.pick(w.users), tags: { connect: tag(w, r) } }
    const { id } = await p.conversation.create({
      data: { ...data, messages: { create: { role: 'USER', body: 'n' } } },
    })
    w.conversations.push(id)
  },
  (w, r, p) =>
    p.conversation.update({
      where: conversation(w, r),
      data: {
        messages: {
          create: { role: 'USER', body: r.word() },
          updateMany: { where: {}, data: { body: r.word() } },
        },
      },
    }),
  (w, r, p) =>
    p.conversation.update({ where: conversation(w, r), data: { messages: { deleteMany: { body: '1' } } } }),
  (w, r, p) => p.conversation.update({ where: conversation(w, r), data: { tags: { set: [tag(w, r)] } } }),
  (w, r, p) =>
    p.conversation.update({ where: conversation(w, r), data: { tags: { disconnect: tag(w, r) } } }),
  (w, r, p) => p.tag.update({ where: tag(w, r), data: { conversations: { connect: conversation(w, r) } } }),
  (w, r, p) =>
    p.conversation.update({
      where: conversation(w, r),
      data: {
        tags: { connectOrCreate: { where: { name: `c-${w.name}` }, create: { name: `c-${w.name}` } } },
        user: { update: { name: r.word(), profile: { update: profile(r) } } },
      },
    }),
  (w, r, p) =>
    p.message.update({ where: { id: r.pick(w.messages) }, data: { replyToId: r.pick(w.messages) } }),
  (w, r, p) =>
    p.message.update({ where: { id: r.pick(w.messages) }, data: { author: { connect: user(w, r) } } }),
  (w, r, p) => p.conversation.update({ where: conversation(w, r), data: { userId: r.pick(w.users) } }),
  (w, r, p) =>
    p.conversation.update({
      where: { ...conversation(w, r), userId: r.pick(w.users) },
      data: { title: r.word(), userId: r.pick(w.users) },
    }),
  (w, r, p) =>
    p.conversation.updateMany({
      where: { userId: r.pick(w.users) },
      data: r.pick([{ title: r.word() }, { userId: r.pick(w.users) }]),
    }),
  (w, r, p) =>
    p.message.update({
      where: { id: r.pick(w.messages) },
      data: { authorId: r.pick([...w.users, null]), body: r.word() },
    }),
  (w, r, p) =>
    p.message.createManyAndReturn({
      data: [
        { conversationId: r.pick(w.conversations), role: 'USER', body: 'm', authorId: r.pick(w.users) },
        { conversationId: r.pick(w.conversations), role: 'USER', body: 'm', replyToId: r.pick(w.messages) },
      ],
    }),
  (w, r, p) => p.message.deleteMany({ where: { authorId: r.pick(w.users) } }),
  (w, r, p) => p.message.delete({ where: { id: r.pick(w.messages) } }),
  (w, r, p) =>
    p.message.createMany({ data: [{ conversationId: r.pick(w.conversations), role: 'USER', body: 'm' }] }),
  (w, r, p) =>
    p.message.updateManyAndReturn({
      where: { id: { in: r.sample(w.messages, 2) } },
      data: { body: r.word() },
    }),
  (w, r, p) => p.conversation.delete({ where: conversation(w, r) }),
  (w, r, p) => p.user.delete({ where: user(w, r) }),
  async (w, r, p) => {
    const id = r.pick(w.users)
    await p.user.upsert({
      where: { id },
      create: { id, email: `x-${w.name}`, name: 'again' },
      update: { name: r.word() },
    })
  },
  (w, r, p) => p.tag.delete({ where: tag(w, r) }),
  (w, r, p) => p.$executeRaw`UPDATE "Message" SET body = ${r.word()} WHERE id = ${r.pick(w.messages)}`,
  (w, r, p) =>
    p.$queryRaw`UPDATE "Conversation" SET title = ${r.word()} WHERE id = ${r.pick(w.conversations)} RETURNING id`,
  (w, r, p) => p.$executeRaw`DELETE FROM "_ConversationToTag" WHERE "B" = ${r.pick(w.tags)}`,
]

/** Rows that are gone or taken, deadlocks and rolled back transactions are part of the game. */
export function known(error: unknown): undefined {
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && code.startsWith('P2')) return undefined
  if (/deadlock|25P02|40P01|aborted/.test(String(error))) return undefined
  throw error
}
