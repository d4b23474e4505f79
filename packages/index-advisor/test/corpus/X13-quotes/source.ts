import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const open = () =>
  prisma.job.findMany({ where: { status: "O'Neil\\x" }, orderBy: { createdAt: 'asc' }, take: 20 })
