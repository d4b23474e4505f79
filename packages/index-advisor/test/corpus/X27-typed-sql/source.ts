import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

import { byTitle } from './out/sql'
export const a = (title: string) => prisma.$queryRawTyped(byTitle(title))
