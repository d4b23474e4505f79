import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const byNote = (note: string) => prisma.job.findMany({ where: { note } })
