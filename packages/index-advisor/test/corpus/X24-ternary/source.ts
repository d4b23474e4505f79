import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const list = (byTitle: boolean, x: string, n: number) =>
  prisma.post.findMany({ where: byTitle ? { title: x } : { score: n } })
