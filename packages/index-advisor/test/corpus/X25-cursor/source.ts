import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const next = (status: string, id: number) =>
  prisma.post.findMany({ where: { status }, cursor: { id }, orderBy: { score: 'asc' }, take: 20, skip: 1 })
