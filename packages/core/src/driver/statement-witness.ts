import { AsyncLocalStorage } from 'node:async_hooks'
import type { SqlAnswer } from './driver-listener.ts'
import type { SqlQuery } from './connection/adapter-ports.ts'

/** Stands between Prisma and the driver for the statements of one request. */
export interface StatementWitness {
  /** Answers in the driver's place, or passes on what `send` answers. */
  sent(query: SqlQuery, send: () => Promise<SqlAnswer>): Promise<SqlAnswer>
}

const witnesses = new AsyncLocalStorage<StatementWitness>()
let running = 0

/** The witness of the request that sends; undefined almost always. */
export const currentWitness = (): StatementWitness | undefined =>
  running === 0 ? undefined : witnesses.getStore()

/**
 * Runs a request whose queries the witness sees. Few requests have one: the async context is switched off when the last of
 * them has settled, because on Node 20 and 22 it makes every promise of the process slower.
 */
export async function witnessed<T>(witness: StatementWitness, request: () => Promise<T>): Promise<T> {
  running++
  try {
    return await witnesses.run(witness, request)
  } finally {
    running--
    if (running === 0) witnesses.disable()
  }
}
