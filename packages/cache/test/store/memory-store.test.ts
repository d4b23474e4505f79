import { Decimal } from '@prisma/client-runtime-utils'
import { memoryStore } from '../../src/store/memory-store.ts'
import { testCacheStore } from '../../src/testing.ts'

describe('the memory store', () => {
  testCacheStore({ test, create: () => memoryStore(), decimal: Decimal })
})
