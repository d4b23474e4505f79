import { EventEmitter } from 'node:events'
import { PgDriverPool } from '../../../src/driver/connection/pg-pool.ts'

/** A pool that hands out a client whose session ends in the same packet, before anybody can have awaited it. */
class EndingPool {
  readonly totalCount = 1
  readonly idleCount = 0
  readonly waitingCount = 0
  readonly client = Object.assign(new EventEmitter(), { query: () => undefined, release: () => undefined })

  connect(callback?: (error: unknown, client: unknown) => void): Promise<unknown> {
    callback?.(null, this.client)
    this.client.emit('error', new Error('terminating connection due to administrator command'))
    return Promise.resolve(this.client)
  }
}

test('a session that ends while its client is handed out ends no process, and the listener does not stay', async () => {
  const pool = new EndingPool()
  const adapter = {
    client: pool,
    async startTransaction() {
      const client = (await this.client.connect()) as EventEmitter
      client.on('error', () => undefined)
      return 'begun'
    },
  }
  const begun = new PgDriverPool(pool as never, true).begin(adapter as never, () => undefined)
  expect(await begun).toBe('begun')
  await new Promise(setImmediate)
  expect(pool.client.listenerCount('error')).toBe(1)
})
