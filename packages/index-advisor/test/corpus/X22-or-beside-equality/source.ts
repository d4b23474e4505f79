import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const find = (status: string, a: string, b: number) =>
  prisma.post.findMany({ where: { status, OR: [{ title: a }, { score: b }] } })
