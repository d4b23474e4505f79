import { PrismaClient } from '../out/client'

const prisma = new PrismaClient()

await prisma.post.findMany({ where: { title: 'x' } })
