import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const list = (status: string, title?: string) =>
  prisma.post.findMany({ where: { status, ...(title && { title }) } })
