import { Decimal } from '@prisma/client-runtime-utils'
import { memoryStore } from '../../src/store/memory-store.ts'
import { testCacheStore } from '../../src/testing.ts'

describe('the memory store', () => {
  testCacheStore({ test, create: () => memoryStore(), decimal: Decimal })
})

test('C28 the memory store keeps its bytes, and what was used last', () => {
  const store = memoryStore({ maxBytes: 256 * 1024 })
  const header = {
    identity: 'i',
    tags: ['a'],
    stamps: [''],
    createdAt: 0,
    ttl: 1,
    swr: 0,
    staleIfError: 0,
    cost: 0,
  }
  for (let index = 0; index < 5000; index++) {
    void store.write(`key ${index}`, { ...header, tags: [`tag ${index}`] }, { id: index })
    void store.lookup('key 0', [])
  }
  expect(store.size?.().bytes).toBeLessThanOrEqual(256 * 1024)
  const has = (index: number) => (store.lookup(`key ${index}`, []) as { entry: unknown }).entry !== null
  expect([has(0), has(1), has(4999)]).toEqual([true, false, true])
})
