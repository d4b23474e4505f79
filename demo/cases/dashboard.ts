import type { PrismaClient } from '../../prisma/client.ts'
import { SEED_TIME } from '../../prisma/seed.ts'
import { demoCase, fewerStatements } from '../demo-case.ts'

type Prisma = Pick<PrismaClient, 'behaviorPattern' | 'recommendation'>

const USERS = 10
const REQUESTS = 5
const since = new Date(SEED_TIME.getTime() - 180 * 86_400_000)

/** Patterns and recommendations by user and time, asked for again and again by open dashboards. */
export const dashboard = demoCase<unknown[]>({
  name: `Patterns and recommendations of ${USERS} users, ${REQUESTS} requests each`,
  origin: '2,780 ms and 1,840 ms; 45 ms to find a user’s patterns',
  wantsIndex: true,
  plain: serve,
  judge: fewerStatements(2 * USERS),
})

async function serve(prisma: Prisma): Promise<unknown[]> {
  const answers: unknown[] = []
  for (let request = 0; request < REQUESTS; request++)
    for (let userId = 1; userId <= USERS; userId++)
      answers.push(await Promise.all([readPatterns(prisma, userId), readRecommendations(prisma, userId)]))
  return answers
}

export function readPatterns(prisma: Prisma, userId: number) {
  return prisma.behaviorPattern.findMany({
    where: { userId, confidence: { gte: 0.7 }, lastSeenAt: { gte: since } },
    orderBy: [{ lastSeenAt: 'desc' }, { id: 'asc' }],
    take: 20,
  })
}

export function readRecommendations(prisma: Prisma, userId: number) {
  return prisma.recommendation.findMany({
    where: { userId, acknowledgedAt: null },
    orderBy: [{ priority: 'desc' }, { id: 'asc' }],
    take: 10,
  })
}
