import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const list = () =>
  prisma.post.findMany({ orderBy: [{ score: 'desc' }, { createdAt: 'asc' }], take: 20 })
