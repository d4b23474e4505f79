import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const byExternal = (externalId: string) => prisma.doc.findMany({ where: { externalId } })
