import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export function list(extra: object) {
  const where = { status: 'x' }
  Object.assign(where, extra)
  return prisma.post.findMany({ where })
}
