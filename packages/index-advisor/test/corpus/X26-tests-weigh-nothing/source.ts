import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export {}
