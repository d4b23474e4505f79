import { brisk, jsonLinesSink } from 'prisma-brisk'

import { PrismaClient } from '../prisma/client.ts'
import { recordStatements, type StatementLog } from '../test/support/statements.ts'
import type { DemoDatabase } from './demo-database.ts'

/** The two applications the demo compares: the same client without and with the suite. */
export interface DemoClients {
  plain: { prisma: PrismaClient; log: StatementLog }
  brisk: { prisma: BriskPrisma; log: StatementLog }
}

export type BriskPrisma = ReturnType<typeof withBrisk>

/** Each on a driver of its own, whose statements are recorded under it. */
export function openClients(database: DemoDatabase, slowQueryLog: string): DemoClients {
  const plain = recordStatements(database.adapter(), { measureBytes: true })
  const extended = recordStatements(database.adapter(), { measureBytes: true })
  return {
    plain: { prisma: new PrismaClient({ adapter: plain.adapter }), log: plain },
    brisk: {
      prisma: withBrisk(new PrismaClient({ adapter: extended.adapter }), slowQueryLog),
      log: extended,
    },
  }
}

/** What an application writes: one line, and here each part's options as the reports asked for them. */
function withBrisk(prisma: PrismaClient, slowQueryLog: string) {
  return prisma.$extends(
    brisk({
      batching: { writes: { create: true } },
      pagination: { defaultLimit: 50, maxLimit: 200 },
      cache: {
        models: { Profile: { ttl: 300 }, BehaviorPattern: { ttl: 300 }, Recommendation: { ttl: 300 } },
      },
      // the demo's tables are small: what takes milliseconds here takes a second in production
      slowQuery: { threshold: 1, sinks: [jsonLinesSink(slowQueryLog)] },
    }),
  )
}
