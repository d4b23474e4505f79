import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const deep = () => prisma.post.findMany({ skip: 100000, take: 20, orderBy: { id: 'asc' } })
