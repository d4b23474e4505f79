import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

import { live } from './src/filters'
export const list = () => prisma.post.findMany({ where: live })
