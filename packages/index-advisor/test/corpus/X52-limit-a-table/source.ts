import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const a = (text: string) => prisma.comment.findMany({ where: { text } })
export const b = (name: string) => prisma.user.findMany({ where: { name } })
export const c = () => prisma.user.findMany({ orderBy: { createdAt: 'desc' }, take: 5 })
