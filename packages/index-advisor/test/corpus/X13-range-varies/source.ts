import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const sure = (least: number) =>
  prisma.job.findMany({ where: { confidence: { gte: least } }, orderBy: { createdAt: 'asc' }, take: 20 })
