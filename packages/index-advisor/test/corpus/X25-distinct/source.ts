import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const titles = (status: string) =>
  prisma.post.findMany({ where: { status }, distinct: ['title'], select: { title: true } })
