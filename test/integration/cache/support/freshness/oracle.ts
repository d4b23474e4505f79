import { isDeepStrictEqual } from 'node:util'
import type { CacheStore, RawWriteTags } from '@prisma-brisk/cache'
import type { PrismaClient } from '../../../../../prisma/generated/postgresql/client.ts'
import { hooked } from '../../../../support/hooked-client.ts'
import { forSeeds, Random } from '../../../../support/random.ts'
import { cached, ownNamespace } from '../cached-client.ts'
import { FACTS, Growth } from './growth.ts'
import { known, writeAtRandom } from './random-writes.ts'
import { World } from './world.ts'

/** Two clients, each with its store; `heard` resolves when each has heard what the other has invalidated. */
export interface Fleet {
  readonly stores: readonly [CacheStore, CacheStore]
  readonly heard?: () => Promise<void>
}

const strategy = { cacheStrategy: { ttl: 300, swr: 60 } }
let worlds = 1

/**
 * Two clients on one store, one of them behind another extension's hook, read and write at random: directly, nested, in bulk, raw, in transactions that commit and
 * roll back as a whole or to a savepoint, with cascades. A read that starts after a write has resolved must never show
 * what was before it: checked by facts that only grow, at all times, and against plain Prisma whenever everything has
 * come to rest.
 */
export async function freshnessOracle(
  bases: readonly [PrismaClient, PrismaClient],
  { stores, heard = async () => undefined }: Fleet,
  seeds = 200,
): Promise<void> {
  const namespace = ownNamespace()
  const clients = stores.map((store, index) =>
    cached(index === 0 ? bases[0] : hooked(bases[1]), { store, namespace }),
  ) as unknown as readonly PrismaClient[]
  let reads = 0
  await forSeeds(
    seeds,
    async (_, seed) => {
      // Each of those who act at once draws from a source of its own, or the sequence would hang on their order.
      let actors = 0
      const random = () => new Random(seed * 1000 + actors++)
      const world = await World.create(bases[0], worlds++)
      const growth = new Growth(world)
      // What is asked is cached before the writes begin, so that whatever they miss shows.
      const first = random()
      const queries = first.sample(world.queries, 7)
      await Promise.all(queries.map((query) => query(first.pick(clients), strategy)))
      const repeated = async (
        times: number,
        act: (own: Random, client: PrismaClient) => Promise<unknown>,
      ) => {
        const own = random()
        for (let time = 0; time < times; time++) await act(own, own.pick(clients))
      }
      await settledAll([
        ...FACTS.map((fact) =>
          repeated(2, async (own, client) => {
            const version = await growth.write(fact, own, client)
            await heard()
            growth.everybodyHasHeard(fact, version)
          }),
        ),
        ...FACTS.map((fact) => repeated(4, (own, client) => growth.read(fact, own, client, strategy))),
        // The same read again and again, by one client: it may join itself.
        ...FACTS.map((fact) => {
          const [own, again] = [random(), first.int(1, 1_000_000)]
          const client = own.pick(clients)
          return repeated(4, () => growth.read(fact, new Random(again), client, strategy))
        }),
        repeated(2, (own, client) => writeAtRandom(world, own, client)),
        repeated(1, (own, client) => writeAtRandom(world, own, client)),
        repeated(2, (own, client) => own.pick(queries)(client, strategy).catch(known)),
      ])
      await heard()
      const last = random()
      await Promise.all(
        queries.map(async (query) => {
          const [truth, answer] = await Promise.all([
            query(bases[0], {}),
            query(last.pick(clients), strategy),
          ])
          reads++
          if (isDeepStrictEqual(answer, truth)) return
          throw new Error(`${query.toString()}\nis ${show(answer)}\nnot ${show(truth)}`)
        }),
      )
    },
    BUDGET,
  )
  // An oracle over a cache that never answers would prove nothing.
  const hits = (clients as unknown as ReturnType<typeof cached>[]).map((each) => each.$cache.stats().hits)
  expect(hits[0]! + hits[1]!).toBeGreaterThan(reads / 10)
}

/** Of ten faults put into the cache on purpose, eight were found by the 40th seed and all by the 64th. */
const BUDGET = { seconds: 7, atLeast: 30 }

/** What the raw statements of this oracle change, for those who ask by a function. */
export function tablesNamedIn(sql: string): RawWriteTags {
  const [, table = ''] = /(?:UPDATE|FROM) "(\w+)"/.exec(sql) ?? []
  return { models: table === '_ConversationToTag' ? ['Conversation', 'Tag'] : [table] }
}

/** Nobody is left behind at work when one fails. */
async function settledAll(works: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) {
    if (result.status === 'rejected') throw result.reason
  }
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each))
}
