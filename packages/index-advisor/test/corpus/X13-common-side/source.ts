import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const done = () =>
  prisma.job.findMany({ where: { status: 'DONE' }, orderBy: { createdAt: 'asc' }, take: 20 })
