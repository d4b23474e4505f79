import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

import type { Prisma } from './out/client'
export function list(query: { title?: string; status: string }) {
  const where: Prisma.PostWhereInput = {}
  where.status = query.status
  if (query.title) where.title = query.title
  return prisma.post.findMany({ where })
}
