import { PrismaClient } from './generated/client'

const prisma = new PrismaClient()

export const history = (userId: number) =>
  prisma.play.findMany({ where: { userId }, orderBy: { playedAt: 'desc' }, take: 50 })
export const onDevice = (userId: number, device: string) => prisma.play.count({ where: { userId, device } })
