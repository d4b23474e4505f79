import { PrismaClient } from '@prisma/client'
const prisma = new PrismaClient()
export const counts = (ids: number[]) =>
  prisma.like.groupBy({ by: ['userId'], where: { userId: { in: ids } }, _count: true })
