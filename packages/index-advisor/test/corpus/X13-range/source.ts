import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const sure = () =>
  prisma.job.findMany({ where: { confidence: { gte: 0.7 } }, orderBy: { createdAt: 'asc' }, take: 20 })
