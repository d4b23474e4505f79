import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const list = () => prisma.post.findMany({ orderBy: { author: { name: 'asc' } }, take: 5 })
