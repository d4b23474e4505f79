import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const find = (title: string) => prisma.post.findMany({ where: { OR: [{ title }] } })
