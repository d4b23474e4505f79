import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const one = (status: string) => prisma.post.findMany({ where: { status } })
export const two = (status: string, title: string) => prisma.post.findMany({ where: { title, status } })
