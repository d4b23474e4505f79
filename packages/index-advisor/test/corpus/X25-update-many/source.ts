import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const a = (status: string) => prisma.post.updateMany({ where: { status }, data: { views: 0 } })
export const b = (text: string) => prisma.comment.deleteMany({ where: { text } })
export const c = (name: string) => prisma.user.count({ where: { name } })
export const d = (score: number) => prisma.post.aggregate({ where: { score }, _avg: { views: true } })
