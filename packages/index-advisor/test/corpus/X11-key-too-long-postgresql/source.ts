import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const same = (body: string) => prisma.page.findMany({ where: { body } })
