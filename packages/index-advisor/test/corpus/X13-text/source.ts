import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const open = () =>
  prisma.job.findMany({ where: { status: 'OPEN' }, orderBy: { createdAt: 'asc' }, take: 20 })
