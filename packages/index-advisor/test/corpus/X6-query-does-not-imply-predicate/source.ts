import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const all = (ownerId: number) => prisma.doc.findMany({ where: { ownerId } })
