import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const either = (first: boolean, name: string) =>
  (first ? prisma.user : prisma.post).findMany({ where: { title: name } as never })
