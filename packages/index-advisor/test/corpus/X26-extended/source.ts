import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

import { db } from './src/db'
const extended = prisma.$extends({ query: {} })
class Service {
  constructor(private readonly prisma: PrismaClient) {}
  a = (name: string) => this.prisma.user.findMany({ where: { name } })
}
export const b = () => prisma.$transaction(async (tx) => tx.post.findMany({ where: { status: 'x' } }))
const { post: articles } = extended
export const c = (title: string) => articles.findMany({ where: { title } })
const users = extended.user
export const d = () => users.findMany({ orderBy: { createdAt: 'desc' }, take: 3 })
export const e = (score: number) => db.post.findFirst({ where: { score } })
export { Service }
