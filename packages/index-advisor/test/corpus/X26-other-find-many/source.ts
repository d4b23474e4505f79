import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

const collection = { user: { findMany: (args: { where: { name: string } }) => args } }
export const a = (name: string) => collection.user.findMany({ where: { name } })
