import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const a = (client: any, name: string) => client.user.findMany({ where: { name } })
