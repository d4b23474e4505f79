import { PrismaClient } from '../out/client'

const prisma = new PrismaClient()

await prisma.user.findMany({ where: { name: 'x' } })
