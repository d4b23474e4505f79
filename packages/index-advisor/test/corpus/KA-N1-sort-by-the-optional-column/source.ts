import { PrismaClient } from '@prisma/client'
const prisma = new PrismaClient()
export const tasks = (projectId: number, status?: string) =>
  prisma.task.findMany({
    where: { projectId, ...(status ? { status } : {}) },
    orderBy: { status: 'asc' },
    take: 20,
  })
