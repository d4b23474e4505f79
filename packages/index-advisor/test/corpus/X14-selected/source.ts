import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const list = () => prisma.message.findMany({ take: 100, select: { title: true } })
export const lean = () => prisma.message.findMany({ take: 100, omit: { body: true } })
