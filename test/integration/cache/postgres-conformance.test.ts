import { memoryStore, postgresStore, tieredStore } from '@prisma-brisk/cache'
import { msgpackr } from '@prisma-brisk/cache/msgpackr'
import { testCacheStore } from '@prisma-brisk/cache/testing'
import { Decimal } from '@prisma/client-runtime-utils'
import pg from 'pg'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'

/** Conformance of the store in PostgreSQL: through a pool and a URL, with both codecs, and behind a near store. */
let database: Pick<TestDatabase<never>, 'url' | 'drop'>
let pool: pg.Pool
beforeAll(async () => {
  database = await createDatabase('postgresql')
  pool = new pg.Pool({ connectionString: database.url, max: 4 })
  await postgresStore(pool).setup()
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})
const empty = () => pool.query('TRUNCATE brisk.cache')
const silence = { publish: async () => undefined, subscribe: async () => async () => undefined }

describe('through a pool, and another process through a URL', () => {
  testCacheStore({
    test,
    create: async () => (await empty(), postgresStore(pool)),
    createPeer: () => postgresStore(database.url),
    decimal: Decimal,
  })
})

describe('with the codec of msgpackr', () => {
  testCacheStore({
    test,
    create: async () => (await empty(), postgresStore(pool, { codec: msgpackr })),
    createPeer: () => postgresStore(pool, { codec: msgpackr }),
    decimal: Decimal,
  })
})

describe('as the far store of a tiered one, whose bus is given', () => {
  testCacheStore({
    test,
    create: async () => (
      await empty(),
      tieredStore({ near: memoryStore(), far: postgresStore(pool), bus: silence })
    ),
    createPeer: () => postgresStore(pool),
    decimal: Decimal,
  })

  test('whose bus must be given', () => {
    expect(() => tieredStore({ near: memoryStore(), far: postgresStore(pool) })).toThrow(
      expect.objectContaining({ code: 'E_INVALID_OPTIONS', path: 'tieredStore.bus' }),
    )
  })
})
