import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const find = () => prisma.post.findMany({ where: { deletedAt: { not: null } } })
