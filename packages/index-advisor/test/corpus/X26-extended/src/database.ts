import { PrismaClient } from '../out/client'

const globalForPrisma = globalThis as unknown as { prisma?: PrismaClient }
export const database = globalForPrisma.prisma ?? new PrismaClient()
