import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const bySlug = (authorId: number) => prisma.post.findMany({ where: { authorId } })
