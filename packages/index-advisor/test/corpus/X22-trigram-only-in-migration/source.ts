import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const find = (term: string) => prisma.post.findMany({ where: { title: { contains: term } } })
