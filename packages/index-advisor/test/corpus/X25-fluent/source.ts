import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const latest = (id: number) =>
  prisma.user.findUnique({ where: { id } }).comments({ orderBy: { createdAt: 'desc' }, take: 5 })
