import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const closed = () => prisma.job.findMany({ where: { done: true } })
