export { cache, cachePlugin, type CachedReads } from './extension.ts'
export { BriskError, InvalidOptionsError, UnsupportedClientError } from '@prisma-brisk/core'
export type {
  AddedArguments,
  BriskExtension,
  ExtendedClient,
  InterchangeableClient,
  InterchangeableTransaction,
  ListRow,
  ModelReads,
  OptionalRead,
  OwnArguments,
  ReadResult,
  RequiredRead,
} from '@prisma-brisk/core'
export type { CacheOptions, RawWriteAction, RawWriteTags } from './options.ts'
export type { CacheArgs, CacheStrategy } from './cache-strategy.ts'
export type { CacheClient, CacheMethods, RawCacheStrategy, WrapStrategy } from './cache-client.ts'
export type { CacheSelection } from './cache-selection.ts'
export type { CacheInfo, CacheStatus } from './report/cache-info.ts'
export type { CacheStats, ModelStats } from './report/statistics.ts'
export type { CacheEvent } from './report/read-report.ts'
export type { TagReach } from './tag/tag-names.ts'
export type {
  ChangeSink,
  ChangeSource,
  ChangeState,
  ChangeStats,
  OnLost,
  TableChange,
} from './change-source.ts'
export type {
  CacheLookup,
  CacheStore,
  FillLocks,
  MessageBus,
  ReservedNames,
  WriteMarks,
} from './cache-store.ts'
export type { CacheEntry, StoredEntry } from './entry/entry.ts'
export type { KeySetTag } from './entry/stamp.ts'
export type { RawQuery } from './raw/raw-read.ts'
export { memoryStore, type MemoryStoreOptions } from './store/memory-store.ts'
export {
  accelerateStore,
  type AccelerateStore,
  type AccelerateStoreOptions,
} from './store/accelerate-store.ts'
export { redisStore, type RedisCacheStore, type RedisStoreOptions } from './store/redis/redis-store.ts'
export type { IoredisClient } from './store/redis/ioredis-port.ts'
export type { NodeRedisClient } from './store/redis/node-redis-port.ts'
export type { UpstashClient } from './store/redis/upstash-port.ts'
export type { RedisClient } from './store/redis/redis-client.ts'
export {
  postgresStore,
  type PostgresCacheStore,
  type PostgresStoreOptions,
} from './store/postgres/postgres-store.ts'
export type { PostgresAnswer, PostgresPool } from './store/postgres/postgres-connection.ts'
export { tieredStore, type TieredStoreOptions } from './store/tiered-store.ts'
export type { ValueCodec } from './codec/payload.ts'
export type { DecimalClass } from './codec/value-copy.ts'
export type { ChangesErrorCode } from './errors.ts'
export {
  AccelerateError,
  ChangesError,
  InvalidCacheStrategyError,
  StoreReplyError,
  StoreTimeoutError,
  StoreUnusableError,
  UnserialisableValueError,
} from './errors.ts'
