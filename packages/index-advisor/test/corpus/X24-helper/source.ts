import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

function live(title: string) {
  return { status: 'live', title }
}
export const list = (title: string) => prisma.post.findMany({ where: live(title) })
