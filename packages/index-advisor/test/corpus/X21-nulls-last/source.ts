import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const list = () =>
  prisma.post.findMany({ orderBy: { deletedAt: { sort: 'desc', nulls: 'last' } }, take: 20 })
