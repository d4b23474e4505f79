import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const drafts = () => prisma.page.findMany({ where: { meta: { path: ['state'], equals: 'draft' } } })
