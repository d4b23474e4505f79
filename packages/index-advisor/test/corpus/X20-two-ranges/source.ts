import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const band = (authorId: number) =>
  prisma.post.findMany({ where: { authorId, views: { gt: 1 }, score: { lt: 5 } } })
