import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const some = () =>
  prisma.job.findMany({ where: { kind: { in: [2, 3] } }, orderBy: { createdAt: 'asc' }, take: 20 })
