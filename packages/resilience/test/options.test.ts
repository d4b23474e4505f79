import { InvalidOptionsError } from '@prisma-brisk/core'
import { resolveOptions, type ResilienceOptions } from '../src/options.ts'

test('defaults', () => {
  expect(resolveOptions()).toMatchObject({
    timeout: 60_000,
    retry: false,
    deferred: { maxQueue: 1000, concurrency: 4 },
  })
  expect(resolveOptions({ retry: {} }).retry).toEqual({ attempts: 3, baseDelay: 50, maxDelay: 2000 })
})

test.each<[string, unknown]>([
  ['resilience.timeout', { timeout: 0 }],
  ['resilience.timeout', { timeout: true }],
  ['resilience.timeouts.User', { timeouts: { User: -1 } }],
  ['resilience.retry', { retry: { attempts: 0 } }],
  ['resilience.retry.baseDelay', { retry: { baseDelay: 10, maxDelay: 5 } }],
  ['resilience.deferred.maxQueue', { deferred: { maxQueue: 0 } }],
  ['resilience.retries', { retries: 3 }],
])('%s is refused', (path, options) => {
  let refused: unknown
  try {
    resolveOptions(options as ResilienceOptions)
  } catch (error) {
    refused = error
  }
  expect(refused).toBeInstanceOf(InvalidOptionsError)
  expect(refused).toMatchObject({ code: 'E_INVALID_OPTIONS', path })
})
