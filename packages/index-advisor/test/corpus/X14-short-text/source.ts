import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const list = () => prisma.message.findMany({ take: 100 })
