import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const find = (status: string, term: string) =>
  prisma.post.findMany({ where: { status, title: { contains: term } } })
