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

test('settings of the environment hold where the options say nothing', () => {
  const of = (environment: Record<string, string>, options = {}) => resolveOptions(options, environment)
  expect(of({}).timeout).toBe(60_000)
  expect(of({ BRISK_TIMEOUT_MS: '2500' }).timeout).toBe(2500)
  expect(of({ BRISK_TIMEOUT_MS: 'off' }).timeout).toBe(false)
  expect(of({ BRISK_TIMEOUT_MS: '2500' }, { timeout: 10 }).timeout).toBe(10)
  expect(of({ BRISK_RETRY_ATTEMPTS: '5' }).retry).toEqual({ attempts: 5, baseDelay: 50, maxDelay: 2000 })
  expect(of({ BRISK_RETRY_ATTEMPTS: '1' }).retry).toBe(false)
  expect(of({ BRISK_RETRY_ATTEMPTS: '5' }, { retry: false }).retry).toBe(false)
  for (const [name, given] of [
    ['BRISK_TIMEOUT_MS', 'soon'],
    ['BRISK_TIMEOUT_MS', '0'],
    ['BRISK_RETRY_ATTEMPTS', '2.5'],
  ] as const)
    expect(() => of({ [name]: given })).toThrow(
      expect.objectContaining({ code: 'E_INVALID_OPTIONS', message: expect.stringContaining(name) }),
    )
})
