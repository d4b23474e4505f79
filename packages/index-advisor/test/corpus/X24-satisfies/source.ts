import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

import { Prisma, Role } from './out/client'
const filter = { role: Role.ADMIN, name: 'x' } satisfies Prisma.UserWhereInput
export const list = () => prisma.user.findMany({ where: filter as Prisma.UserWhereInput })
