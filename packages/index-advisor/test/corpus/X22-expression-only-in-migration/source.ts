import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const find = (title: string) =>
  prisma.post.findMany({ where: { title: { equals: title, mode: 'insensitive' } } })
