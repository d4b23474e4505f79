import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

import type { Prisma } from './out/client'
export const list = (where: Prisma.PostWhereInput) => prisma.post.findMany({ where, take: 5 })
export const more = (rest: any) => prisma.post.findMany({ where: { ...rest } })
export const keyed = (key: string, value: string) => prisma.post.findMany({ where: { [key]: value } })
