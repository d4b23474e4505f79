import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const comments = (name: string) => prisma.comment.findMany({ where: { author: { name } } })
