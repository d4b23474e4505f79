import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

import type { Prisma } from './out/client'
type Tx = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'>
export const a = (tx: Prisma.TransactionClient, name: string) => tx.user.findMany({ where: { name } })
export const b = (tx: Tx, status: string) => tx.post.count({ where: { status } })
