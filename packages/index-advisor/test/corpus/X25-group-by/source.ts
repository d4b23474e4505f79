import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const counts = (status: string) =>
  prisma.post.groupBy({ by: ['score'], where: { status }, _count: true })
