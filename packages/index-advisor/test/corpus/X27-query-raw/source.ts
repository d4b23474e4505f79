import { Prisma, PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const a = (name: string) =>
  prisma.$queryRaw`SELECT * FROM "User" WHERE name = ${name} ORDER BY "createdAt" DESC LIMIT 10`
export const b = (ids: number[]) =>
  prisma.$queryRaw`SELECT p.* FROM posts p WHERE p.score IN (${Prisma.join(ids)})`
