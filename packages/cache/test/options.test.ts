import { memoryStore, type CacheOptions } from '@prisma-brisk/cache'
import { resolveOptions } from '../src/options.ts'

test('defaults, and what the environment says; an option wins', () => {
  expect(resolveOptions({}, {})).toMatchObject({
    enabled: true,
    namespace: 'brisk',
    readTimeout: 50,
    writeTimeout: 500,
    strict: null,
    fillLock: null,
    defaults: { ttl: 0, nullTtl: null, staleIfError: 0 },
  })
  const environment = { BRISK_CACHE_ENABLED: 'false', BRISK_CACHE_DEFAULT_TTL: '30' }
  expect(resolveOptions({}, environment)).toMatchObject({ enabled: false, defaults: { ttl: 30 } })
  expect(resolveOptions({ enabled: true, defaultTtl: 5 }, environment)).toMatchObject({
    enabled: true,
    defaults: { ttl: 5 },
  })
  expect(resolveOptions({}, { BRISK_CACHE_ENABLED: ' ', BRISK_CACHE_DEFAULT_TTL: '' })).toMatchObject({
    enabled: true,
    defaults: { ttl: 0 },
  })
  for (const on of ['true', '1', 'ON', 'yes'])
    expect(resolveOptions({}, { BRISK_CACHE_ENABLED: on }).enabled).toBe(true)
  for (const off of ['False', '0', 'off', 'no'])
    expect(resolveOptions({}, { BRISK_CACHE_ENABLED: off }).enabled).toBe(false)
})

test('all models but some take the default strategy, which lasts for `defaultTtl`, or a minute', () => {
  const strategy = (options: CacheOptions, environment = {}) => {
    const { models } = resolveOptions({ models: '*', except: ['Session'], ...options }, environment)
    expect(models.of('Session')).toBeUndefined()
    return models.of('User')
  }
  expect(strategy({})).toEqual({ ttl: 60 })
  expect(strategy({ defaultTtl: 5 })).toEqual({ ttl: 5 })
  expect(strategy({}, { BRISK_CACHE_DEFAULT_TTL: '7' })).toEqual({ ttl: 7 })
  expect(strategy({ defaultStrategy: { swr: 30, tags: ['all'] } })).toEqual({
    ttl: 60,
    swr: 30,
    tags: ['all'],
  })
  expect(strategy({ defaultTtl: 5, defaultStrategy: { ttl: 9 } })).toEqual({ ttl: 9 })
})

test.each<[string, unknown, Record<string, string>?]>([
  ['BRISK_CACHE_ENABLED', {}, { BRISK_CACHE_ENABLED: 'maybe' }],
  ['BRISK_CACHE_DEFAULT_TTL', {}, { BRISK_CACHE_DEFAULT_TTL: '-1' }],
  ['BRISK_CACHE_DEFAULT_TTL', {}, { BRISK_CACHE_DEFAULT_TTL: '5m' }],
  ['BRISK_CACHE_DEFAULT_TTL', {}, { BRISK_CACHE_DEFAULT_TTL: 'Infinity' }],
  ['cache.enabled', { enabled: 'false' }],
  ['cache.defaultTtl', { defaultTtl: -1 }],
  ['cache.defaultTtl', { defaultTtl: '60' }],
  ['cache.store', { store: { ...memoryStore(), lookup: 1 } }],
  ['cache.store', { store: null }],
  ['cache.models', { models: ['User'] }],
  ['cache.models.User.ttl', { models: { User: { ttl: '60' } } }],
  ['cache.models.User.swr', { models: { User: { swr: NaN } } }],
  ['cache.models.User.tags[0]', { models: { User: { tags: [''] } } }],
  ['cache.models.User', { models: { User: true } }],
  ['cache.models', { models: 'all' }],
  ['cache.except', { models: '*', except: 'Session' }],
  ['cache.except[1]', { models: '*', except: ['Session', 7] }],
  ['cache.except', { models: { User: { ttl: 60 } }, except: ['Session'] }],
  ['cache.except', { except: [] }],
  ['cache.defaultStrategy', { defaultStrategy: { ttl: 60 } }],
  ['cache.defaultStrategy', { models: '*', defaultStrategy: false }],
  ['cache.defaultStrategy.swr', { models: '*', defaultStrategy: { swr: -1 } }],
  ['cache.scope', { scope: 'tenant' }],
  ['cache.namespace', { namespace: '' }],
  ['cache.database', { database: 7 }],
  ['cache.readTimeout', { readTimeout: 0 }],
  ['cache.readTimeout', { readTimeout: Infinity }],
  ['cache.writeTimeout', { writeTimeout: '500' }],
  ['cache.verify', { verify: 1.1 }],
  ['cache.onRawWrite', { onRawWrite: 'invalidate' }],
  ['cache.nullTtl', { nullTtl: -5 }],
  ['cache.staleIfError', { staleIfError: NaN }],
  ['cache.strict', { strict: 'yes' }],
  ['cache.strict', { strict: { lifetime: 10 } }],
  ['cache.replicaLag', { replicaLag: -1 }],
  ['cache.fillLock', { fillLock: { lease: 1 } }],
  ['cache.earlyRefresh', { earlyRefresh: -1 }],
  ['cache.ttl', { ttl: 60 }],
])('%s %j is refused, and named', (path, options, environment = {}) => {
  expect(() => resolveOptions(options as CacheOptions, environment)).toThrow(
    expect.objectContaining({ code: 'E_INVALID_OPTIONS', path }),
  )
})

test('a short option that does not exist is not taken for another of three letters', () => {
  expect(() => resolveOptions({ ttl: 60 } as never)).toThrow(/^(?!.*did you mean).*cache\.ttl/)
})
