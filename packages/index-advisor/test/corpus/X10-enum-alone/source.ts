import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const running = () => prisma.job.findMany({ where: { state: 'RUNNING' } })
