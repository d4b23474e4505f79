import { PrismaPg } from '@prisma/adapter-pg'
import { brisk } from 'prisma-brisk'
import { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

function createClient() {
  const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL })
  return new PrismaClient({ adapter }).$extends(
    brisk({ cache: { models: { User: { ttl: 60, swr: 30 } } }, pagination: { defaultLimit: 20 } }),
  )
}

// One client for the process: hot reloading and each route's own bundle would otherwise make one after the other, each
// with a cache that nobody ever hits.
const shared = globalThis as { prisma?: ReturnType<typeof createClient> }
export const prisma = (shared.prisma ??= createClient())
