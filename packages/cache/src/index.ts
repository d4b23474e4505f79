export { cache, cachePlugin } from './extension.ts'
export type { CacheOptions } from './options.ts'
export type { CacheArgs, CacheStrategy } from './cache-strategy.ts'
export type { CacheClient, CacheMethods, RawCacheStrategy } from './cache-client.ts'
export type { CacheSelection } from './cache-selection.ts'
export type { CacheInfo, CacheStatus } from './info.ts'
export type { CacheStats, ModelStats } from './statistics.ts'
export type { CacheEvent } from './cache-event.ts'
export type { CacheStore, DecimalClass, Found, SignedTag } from './cache-store.ts'
export type { Entry, StoredEntry } from './entry.ts'
export type { RawQuery } from './raw-read.ts'
export type { RawWriteAction, RawWriteTags } from './raw-write.ts'
export { memoryStore, type MemoryStoreOptions } from './memory-store.ts'
export { accelerateStore, type AccelerateStore, type AccelerateStoreOptions } from './accelerate-store.ts'
export { redisStore, type RedisCacheStore, type RedisStoreOptions } from './redis-store.ts'
export type { IoredisClient, NodeRedisClient, RedisClient } from './redis-port.ts'
export { tieredStore, type MessageBus, type TieredStoreOptions } from './tiered-store.ts'
export type { ValueCodec } from './payload.ts'
export {
  AccelerateError,
  InvalidCacheStrategyError,
  StoreTimeoutError,
  StoreUnusableError,
  UnserialisableValueError,
} from './errors.ts'
