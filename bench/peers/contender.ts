import type { Redis } from 'ioredis'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import type { StatementLog } from '../../test/support/statements.ts'
import { createDatabase, type TestDatabase } from '../../test/support/databases.ts'

/** A database of one check or race, with a recorded client to extend. */
export interface Ground {
  readonly database: TestDatabase<PrismaClient>
  readonly client: PrismaClient
  readonly log: StatementLog
  readonly redis: Redis
}

/** A library in one setting, ready to do the work of its kind. */
export interface Contender<Able> {
  /** As the table shows it: package and setting. */
  readonly name: string
  readonly version: string
  /** Mounts it on a fresh client, as its documentation says. */
  mount(ground: Ground): Able | Promise<Able>
}

/** Does a contender's work so many times. */
export type Racer = (times: number) => Promise<void>

/** One row of a behaviour list, run against every contender of a kind. */
export interface Check<Able> {
  readonly id: string
  readonly says: string
  /** True when the contender answers as plain Prisma would have. */
  holds(able: Able, ground: Ground): Promise<boolean>
}

export interface Verdict {
  readonly id: string
  readonly says: string
  readonly outcomes: readonly boolean[]
}

/** Runs every check on every contender, each on a database of its own; a contender that throws does not hold. */
export async function judge<Able>(
  contenders: readonly Contender<Able>[],
  checks: readonly Check<Able>[],
  redis: Redis,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  for (const { id, says, holds } of checks) {
    const outcomes: boolean[] = []
    for (const contender of contenders) {
      outcomes.push(
        await onGround(redis, async (ground) => {
          const able = await contender.mount(ground)
          return within(20_000, holds(able, ground)).catch(() => false)
        }),
      )
    }
    verdicts.push({ id, says, outcomes })
  }
  return verdicts
}

/** Gives work a seeded database and an emptied Redis of the suite's own, and drops both. */
export async function onGround<T>(redis: Redis, work: (ground: Ground) => Promise<T>): Promise<T> {
  const database = await createDatabase('postgresql')
  try {
    await redis.flushall()
    const plain = database.createClient()
    await plain.user.createMany({
      data: Array.from({ length: 100 }, (_, index) => ({
        id: index + 1,
        name: `user ${index + 1}`,
        email: `u${index + 1}@example.org`,
        balance: '10.50',
        createdAt: new Date(Date.UTC(2025, 0, 1 + (index % 7))),
        tutorId: index === 0 ? null : 1,
      })),
    })
    await plain.profile.createMany({
      data: [1, 2].map((userId) => ({
        userId,
        displayName: `p${userId}`,
        preferences: { dark: true },
        avatar: new Uint8Array([1, 2, 3]),
      })),
    })
    const { client, log } = database.createRecordedClient()
    return await work({ database, client, log, redis })
  } finally {
    await database.drop()
  }
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error('out of time')), ms).unref()
    }),
  ])
}
