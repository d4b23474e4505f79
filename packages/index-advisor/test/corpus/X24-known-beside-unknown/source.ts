import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const list = (status: string, rest: any) => prisma.post.findMany({ where: { status, ...rest } })
