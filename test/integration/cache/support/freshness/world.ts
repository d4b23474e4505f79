import type { PrismaClient } from '../../../../../prisma/generated/postgresql/client.ts'

export type Query = (client: PrismaClient, strategy: object) => Promise<unknown>

/** The rows of one seed, and everything that is asked about them. */
export class World {
  private constructor(
    readonly name: string,
    /** Whose name, title and body only grow; random writes leave them alone. */
    readonly grower: { readonly user: number; readonly conversation: string; readonly message: number },
    readonly users: number[],
    readonly conversations: string[],
    readonly messages: number[],
    readonly tags: number[],
  ) {}

  /** All rows by one statement: a seed is to be cheap. */
  static async create(prisma: PrismaClient, number: number): Promise<World> {
    const name = `w${number}`
    const id = (index: number): number => number * 10 + index
    await prisma.$executeRawUnsafe(`
      WITH people AS (INSERT INTO "User" (id, email, name) VALUES
        (${id(0)}, 'grower-${name}', '0'), (${id(1)}, 'x-${name}', 'x'), (${id(2)}, 'y-${name}', 'y')),
      talks AS (INSERT INTO "Conversation" (id, title, "userId") VALUES
        ('g-${name}', '0', ${id(0)}), ('x-${name}', 'x', ${id(1)}), ('y-${name}', 'y', ${id(2)})),
      words AS (INSERT INTO "Message" (id, "conversationId", role, body) VALUES
        (${id(0)}, 'g-${name}', 'USER', '0'),
        (${id(1)}, 'x-${name}', 'USER', '1'), (${id(2)}, 'x-${name}', 'ASSISTANT', '2'),
        (${id(3)}, 'y-${name}', 'USER', '1'), (${id(4)}, 'y-${name}', 'ASSISTANT', '2')),
      labels AS (INSERT INTO "Tag" (id, name) VALUES (${id(1)}, 'a-${name}'), (${id(2)}, 'b-${name}'))
      INSERT INTO "_ConversationToTag" ("A", "B") VALUES ('x-${name}', ${id(1)}), ('y-${name}', ${id(1)})`)
    return new World(
      name,
      { user: id(0), conversation: `g-${name}`, message: id(0) },
      [id(1), id(2)],
      [`x-${name}`, `y-${name}`],
      [id(1), id(2), id(3), id(4)],
      [id(1), id(2)],
    )
  }

  /** Rows that come later take their ids from far away. */
  static async begin(prisma: PrismaClient): Promise<void> {
    for (const table of ['User', 'Message', 'Tag', 'Profile'])
      await prisma.$executeRawUnsafe(`ALTER SEQUENCE "${table}_id_seq" RESTART 1000000000`)
  }

  readonly queries: readonly Query[] = [
    (p, s) => p.user.findUnique({ where: { id: this.users[0] as number }, ...s }),
    (p, s) => p.user.findUnique({ where: { email: `x-${this.name}` }, ...s }),
    (p, s) =>
      p.user.findMany({
        where: { id: { in: this.users } },
        orderBy: { id: 'asc' },
        include: {
          profile: true,
          conversations: { orderBy: { id: 'asc' }, include: { messages: { orderBy: { id: 'asc' } } } },
        },
        ...s,
      }),
    (p, s) =>
      p.conversation.findMany({
        where: { tags: { some: { id: { in: this.tags } } } },
        orderBy: { id: 'asc' },
        ...s,
      }),
    (p, s) =>
      p.conversation.findMany({
        where: { userId: { in: this.users } },
        orderBy: [{ user: { name: 'asc' } }, { id: 'asc' }],
        select: { title: true, _count: { select: { messages: true } } },
        ...s,
      }),
    (p, s) => p.message.count({ where: { conversation: { userId: { in: this.users } } }, ...s }),
    (p, s) =>
      p.message.groupBy({
        by: ['role'],
        where: { conversationId: { in: this.conversations } },
        _count: true,
        orderBy: { role: 'asc' },
        ...s,
      }),
    (p, s) =>
      p.message.findMany({
        where: { id: { in: this.messages } },
        orderBy: { id: 'asc' },
        select: { body: true, replyTo: { select: { body: true } }, author: { select: { name: true } } },
        ...s,
      }),
    (p, s) =>
      p.tag.findMany({
        where: { id: { in: this.tags } },
        orderBy: { id: 'asc' },
        include: { conversations: { orderBy: { id: 'asc' } } },
        ...s,
      }),
    (p, s) =>
      p.conversation.findMany({
        where: { userId: this.users[0] as number },
        orderBy: { id: 'asc' },
        include: { messages: { orderBy: { id: 'asc' } } },
        ...s,
      }),
    (p, s) =>
      p.conversation.count({ where: { AND: [{ userId: { equals: this.users[1] as number } }] }, ...s }),
    (p, s) =>
      p.message.findMany({
        where: { authorId: this.users[0] as number },
        orderBy: { id: 'asc' },
        ...s,
      }),
    (p, s) => p.message.aggregate({ where: { replyToId: { in: this.messages } }, _count: true, ...s }),
    (p, s) => p.profile.findUnique({ where: { userId: this.users[0] as number }, ...s }),
    (p, s) => p.message.findUnique({ where: { id: this.messages[0] as number }, ...s }),
    (p, s) =>
      p.user
        .findUnique({ where: { id: this.users[1] as number }, ...s })
        .conversations({ orderBy: { id: 'asc' } }),
  ]
}
