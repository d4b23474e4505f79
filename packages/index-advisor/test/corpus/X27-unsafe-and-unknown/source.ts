import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const a = (table: string) => prisma.$queryRawUnsafe(`SELECT * FROM ${table} WHERE name = $1`, 'x')
export const b = () => prisma.$queryRawUnsafe('SELECT * FROM "User" WHERE name = $1', 'x')
export const c = () => prisma.$queryRaw`this is not SQL`
