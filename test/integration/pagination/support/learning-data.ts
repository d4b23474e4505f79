import type { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'
import { Random } from '../../../support/random.ts'

/** Rows of the demo domain with ties, nulls, self relations, implicit and explicit many-to-many relations. */
export async function seedLearning(prisma: PrismaClient): Promise<void> {
  const random = new Random(7)
  const day = (number: number) => new Date(Date.UTC(2024, 0, 1 + number))
  const ids = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
  await prisma.user.createMany({
    data: ids(24).map((id) => ({
      id,
      email: `u${id}@example.org`,
      name: random.pick(['Ada', 'ada', 'Bob', 'Eve']),
      role: random.pick(['STUDENT', 'TUTOR', 'ADMIN'] as const),
      balance: random.pick(['0', '1.5', '99.99']),
      createdAt: day(random.int(0, 4)),
      deletedAt: random.chance(0.5) ? day(random.int(0, 2)) : null,
      tutorId: id > 3 && random.chance(0.8) ? random.int(1, 3) : null,
    })),
  })
  await prisma.tag.createMany({ data: ids(9).map((id) => ({ id, name: `tag ${id}` })) })
  await prisma.conversation.createMany({
    data: ids(12).map((id) => ({
      id: `c${id}`,
      title: random.pick(['one', 'two']),
      userId: random.int(1, 4),
      createdAt: day(random.int(0, 3)),
    })),
  })
  for (const id of ids(12)) {
    await prisma.conversation.update({
      where: { id: `c${id}` },
      data: { tags: { connect: random.sample(ids(9), random.int(0, 6)).map((tag) => ({ id: tag })) } },
    })
  }
  await prisma.message.createMany({
    data: ids(90).map((id) => ({
      id,
      conversationId: `c${random.int(1, 5)}`,
      authorId: random.chance(0.8) ? random.int(1, 4) : null,
      replyToId: id > 10 && random.chance(0.5) ? random.int(1, 6) : null,
      role: random.pick(['USER', 'ASSISTANT'] as const),
      body: `message ${id}`,
      tokens: random.chance(0.7) ? random.int(0, 3) : null,
      createdAt: day(random.int(0, 5)),
    })),
  })
  await prisma.workshop.createMany({
    data: ids(4).map((id) => ({ id, ownerId: random.int(1, 3), title: `w${id}` })),
  })
  await prisma.workshopMember.createMany({
    data: ids(4).flatMap((workshopId) =>
      random.sample(ids(24), random.int(2, 9)).map((userId) => ({
        workshopId,
        userId,
        role: random.pick(['lead', 'annotator']),
        joinedAt: day(1),
      })),
    ),
  })
  await prisma.trace.createMany({
    data: ids(30).map((id) => ({
      id,
      workshopId: random.int(1, 3),
      name: random.pick(['x', 'X', 'y']),
      size: BigInt(random.int(0, 2)) + (provider(prisma) === 'sqlite' ? 0n : 2n ** 60n),
      context: { id },
      createdAt: day(random.int(0, 2)),
    })),
  })
}

function provider(prisma: PrismaClient): string {
  return (prisma as unknown as { _activeProvider: string })._activeProvider
}
