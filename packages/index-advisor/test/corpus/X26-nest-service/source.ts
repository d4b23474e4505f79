import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

import { UsersService } from './src/users.service'
export { UsersService }
