import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const some = (authorId: number, statuses: string[]) =>
  prisma.post.findMany({ where: { authorId, status: { in: statuses } } })
