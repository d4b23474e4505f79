export { cache, cachePlugin } from './extension.ts'
export type { CacheOptions } from './options.ts'
export type { CacheArgs, CacheStrategy } from './cache-strategy.ts'
export type { CacheClient, CacheMethods, RawCacheStrategy } from './cache-client.ts'
export type { CacheSelection } from './cache-selection.ts'
export type { CacheInfo, CacheStatus } from './report/cache-info.ts'
export type { CacheStats, ModelStats } from './report/statistics.ts'
export type { CacheEvent } from './report/cache-event.ts'
export type { CacheStore, DecimalClass, Found, SignedTag } from './cache-store.ts'
export type { Entry, StoredEntry } from './entry/entry.ts'
export type { RawQuery } from './raw/raw-read.ts'
export type { RawWriteAction, RawWriteTags } from './raw/raw-write.ts'
export { memoryStore, type MemoryStoreOptions } from './store/memory-store.ts'
export {
  accelerateStore,
  type AccelerateStore,
  type AccelerateStoreOptions,
} from './store/accelerate-store.ts'
export { redisStore, type RedisCacheStore, type RedisStoreOptions } from './store/redis/redis-store.ts'
export type { IoredisClient, NodeRedisClient, RedisClient } from './store/redis/redis-port.ts'
export { tieredStore, type MessageBus, type TieredStoreOptions } from './store/tiered-store.ts'
export type { ValueCodec } from './codec/payload.ts'
export {
  AccelerateError,
  InvalidCacheStrategyError,
  StoreTimeoutError,
  StoreUnusableError,
  UnserialisableValueError,
} from './errors.ts'
