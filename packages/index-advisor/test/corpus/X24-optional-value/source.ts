import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const list = (title?: string) => prisma.post.findMany({ where: { title } })
