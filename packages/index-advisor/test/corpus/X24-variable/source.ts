import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

const where = { status: 'live', score: 3 }
export const list = () => prisma.post.findMany({ where })
