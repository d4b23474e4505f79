import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const open = (all: boolean) =>
  prisma.job.findMany({ where: { status: all ? 'OPEN' : 'NEW' }, orderBy: { createdAt: 'asc' }, take: 20 })
