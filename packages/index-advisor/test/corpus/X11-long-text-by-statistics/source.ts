import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const same = (title: string) => prisma.page.findMany({ where: { title } })
