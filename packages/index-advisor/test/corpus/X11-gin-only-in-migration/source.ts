import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const tagged = (tag: string) => prisma.post.findMany({ where: { tags: { has: tag } } })
