import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const one = (id: number) => prisma.message.findFirst({ where: { id } })
