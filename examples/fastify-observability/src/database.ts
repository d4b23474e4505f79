import { consoleSink, jsonLinesSink, slowQuery, type SlowQueryOptions } from '@prisma-brisk/slow-query'
import { openTelemetry } from '@prisma-brisk/slow-query/opentelemetry'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/** Everything that can be seen of a database, from one `$extends`. */
export function observed(plain: PrismaClient, log: string, options: SlowQueryOptions = {}) {
  return plain.$extends(
    slowQuery({
      threshold: 100,
      // What is known to take long is slow later than the rest; what everybody waits for, sooner.
      models: { $queryRaw: 250, 'Conversation.findMany': 50 },
      // One line for people, one JSON object for `brisk advise --workload`.
      sinks: [consoleSink(), jsonLinesSink(log)],
      explain: { sampleRate: 0.1 },
      nPlusOne: { threshold: 10 },
      requestBudget: { queries: 20, totalMs: 1_000 },
      alerts: [
        { metric: 'p95', warn: 100, critical: 500 },
        { metric: 'errorRate', warn: 0.01, critical: 0.05, minSamples: 100 },
        { metric: 'poolWaiting', warn: 1, critical: 10, for: 10_000 },
      ],
      // Histograms in whatever OpenTelemetry SDK the process has set up; without one they cost nothing.
      telemetry: openTelemetry({ spans: false }),
      ...options,
    }),
  )
}

export type Database = ReturnType<typeof observed>
