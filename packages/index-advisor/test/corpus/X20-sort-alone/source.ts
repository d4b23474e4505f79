import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const newest = () => prisma.post.findMany({ orderBy: { createdAt: 'desc' }, take: 20 })
