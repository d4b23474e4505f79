import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const authors = (text: string) => prisma.user.findMany({ where: { comments: { some: { text } } } })
