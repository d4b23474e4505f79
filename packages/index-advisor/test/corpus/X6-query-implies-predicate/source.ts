import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const live = (ownerId: number) => prisma.doc.findMany({ where: { ownerId, deletedAt: null } })
