import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

const live = { status: 'live' } as const
export const list = (title: string) => prisma.post.findMany({ where: { ...live, title } })
