import { cache } from '@prisma-brisk/cache'
import { postgresTriggers } from '@prisma-brisk/cache/postgres-triggers'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/** Exercises are read often and written by others: their entries are kept for an hour, and fall when somebody writes. */
export function extended(plain: PrismaClient, url: string) {
  return plain.$extends(
    cache({ changes: postgresTriggers(url), models: { Exercise: { ttl: 3600 }, Tag: { ttl: 3600 } } }),
  )
}

export type Database = ReturnType<typeof extended>
