import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const mine = (ownerId: number) =>
  prisma.job.findMany({
    where: { ownerId, status: 'OPEN', kind: 1 },
    orderBy: { createdAt: 'asc' },
    take: 20,
  })
