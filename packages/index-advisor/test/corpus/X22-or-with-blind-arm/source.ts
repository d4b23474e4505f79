import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const find = (title: string, term: string) =>
  prisma.post.findMany({ where: { OR: [{ title }, { status: { contains: term } }] } })
