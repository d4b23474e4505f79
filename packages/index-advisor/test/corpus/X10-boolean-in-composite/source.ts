import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const next = (queueId: number) =>
  prisma.job.findMany({ where: { done: false, queueId }, orderBy: { id: 'asc' }, take: 5 })
