import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const a = (email: string) => prisma.user.findUnique({ where: { email } })
export const b = (authorId: number, slug: string) =>
  prisma.post.findUnique({ where: { authorId_slug: { authorId, slug } } })
export const c = (id: number) => prisma.post.findUniqueOrThrow({ where: { id, status: 'x' } })
export const d = (id: number) => prisma.post.update({ where: { id }, data: { views: { increment: 1 } } })
