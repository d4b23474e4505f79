import { consoleSink, jsonLinesSink, pinoSink, type SlowQueryOptions } from '@prisma-brisk/slow-query'
import { resolveOptions } from '../src/options.ts'

test('defaults, and what the environment says', () => {
  expect(resolveOptions({}, {})).toMatchObject({
    threshold: 100,
    params: 'omit',
    explain: null,
    nPlusOne: { threshold: 10 },
  })
  expect(resolveOptions({}, { BRISK_SLOW_QUERY_MS: '250', BRISK_LOG: 'off' })).toMatchObject({
    threshold: 250,
    sinks: [],
  })
  expect(resolveOptions({ threshold: 5 }, { BRISK_SLOW_QUERY_MS: '250' }).threshold).toBe(5)
})

test.each<[string, unknown, Record<string, string>]>([
  ['slowQuery.threshold', { threshold: 0 }, {}],
  ['slowQuery.models.User', { models: { User: -1 } }, {}],
  ['slowQuery.sinks[0]', { sinks: ['console'] }, {}],
  ['slowQuery.params', { params: 'all' }, {}],
  ['slowQuery.explain.sampleRate', { explain: { sampleRate: 2 } }, {}],
  ['slowQuery.alerts[0].warn', { alerts: [{ metric: 'p95', critical: 5 }] }, {}],
  ['slowQuery.alerts[0].critical', { alerts: [{ metric: 'p95', warn: 6, critical: 5 }] }, {}],
  ['slowQuery.requestBudget', { requestBudget: {} }, {}],
  ['slowQuery.treshold', { treshold: 5 }, {}],
  ['BRISK_SLOW_QUERY_MS', {}, { BRISK_SLOW_QUERY_MS: 'fast' }],
  ['BRISK_LOG', {}, { BRISK_LOG: 'syslog' }],
])('%s is refused', (path, options, environment) => {
  expect(() => resolveOptions(options as SlowQueryOptions, environment)).toThrow(
    expect.objectContaining({ code: 'E_INVALID_OPTIONS', path }),
  )
})

test('a file that cannot be written is refused at once', () => {
  expect(() => jsonLinesSink('/nowhere/slow.ndjson')).toThrow(
    expect.objectContaining({ code: 'E_INVALID_OPTIONS', path: 'jsonLinesSink.path' }),
  )
})

test.each<[string, () => unknown]>([
  ['jsonLinesSink.maxBytes', () => jsonLinesSink('/dev/null', { maxBytes: 0 })],
  ['consoleSink.format', () => consoleSink({ format: 'long' as 'line' })],
  ['pinoSink.logger.info', () => pinoSink(undefined as never)],
])('%s is refused', (path, make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'E_INVALID_OPTIONS', path }))
})
