import { prisma } from '../../../lib/prisma.ts'

export const dynamic = 'force-dynamic'

/** What the service's queries cost so far. */
export function GET(): Response {
  return Response.json({ queries: prisma.$queries.stats(), cache: prisma.$cache.stats() })
}
