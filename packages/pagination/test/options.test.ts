import { pagination } from '../src/extension.ts'
import { resolveOptions, type PaginationOptions } from '../src/options.ts'

describe('defaults', () => {
  test('P1 a list without take is guarded; a stated default limit cuts', () => {
    expect(resolveOptions().limits).toMatchObject({
      defaultLimit: 50,
      maxLimit: 200,
      maxOffset: 10_000,
      onMissing: 'guard',
      onExceeded: 'reject',
      nested: { defaultLimit: 50, maxLimit: 200, onMissing: 'guard', maxDepth: Infinity, maxRows: Infinity },
    })
    expect(resolveOptions({ defaultLimit: 20 }).limits).toMatchObject({
      onMissing: 'default',
      nested: { onMissing: 'default', defaultLimit: 20 },
    })
    expect(resolveOptions({ nested: { defaultLimit: 5 } }).limits).toMatchObject({
      onMissing: 'guard',
      nested: { onMissing: 'default', defaultLimit: 5 },
    })
    expect(resolveOptions({ defaultLimit: 20, onMissing: 'guard' }).limits.onMissing).toBe('guard')
    expect(resolveOptions({ maxLimit: 10 }).limits).toMatchObject({
      defaultLimit: 10,
      nested: { defaultLimit: 10, maxLimit: 10 },
    })
  })

  test('P2 a model takes what it does not state from above', () => {
    const { models } = resolveOptions({
      maxLimit: 100,
      nested: { maxRows: 9 },
      models: { Post: { maxLimit: 500, nested: { maxDepth: 2 } } },
    })
    expect(models.get('Post')).toMatchObject({
      maxLimit: 500,
      onExceeded: 'reject',
      nested: { maxLimit: 500, maxRows: 9, maxDepth: 2 },
    })
  })

  test('P1 both policies in one word; what is stated wins, and a model may say another', () => {
    const { limits, models } = resolveOptions({
      limits: 'warn',
      models: { Post: { limits: 'guard' }, Tag: { onMissing: 'reject' }, Log: { limits: 'allow' } },
    })
    expect(limits).toMatchObject({
      onMissing: 'warn',
      onExceeded: 'warn',
      maxOffset: 10_000,
      nested: { onMissing: 'warn', onExceeded: 'warn' },
    })
    expect(models.get('Post')).toMatchObject({ onMissing: 'guard', onExceeded: 'reject' })
    expect(models.get('Tag')).toMatchObject({ onMissing: 'reject', onExceeded: 'warn' })
    expect(models.get('Log')).toMatchObject({ onMissing: 'allow', maxOffset: 2 ** 31 - 2 })
    expect(resolveOptions({ limits: 'guard', onExceeded: 'clamp' }).limits).toMatchObject({
      onMissing: 'guard',
      onExceeded: 'clamp',
    })
    expect(resolveOptions({ limits: 'warn', defaultLimit: 20 }).limits.onMissing).toBe('warn')
  })

  test('P1 BRISK_LIMITS decides where the options do not', () => {
    const limits = (options: PaginationOptions, value = 'warn') =>
      resolveOptions(options, { BRISK_LIMITS: value }).limits.onExceeded
    expect(limits({})).toBe('warn')
    expect(limits({ maxLimit: 500 })).toBe('warn')
    expect(limits({ limits: 'guard' })).toBe('reject')
    expect(limits({ onMissing: 'guard' })).toBe('reject')
    expect(limits({ defaultLimit: 20 })).toBe('reject')
    expect(limits({}, ' ')).toBe('reject')
    expect(() => limits({}, 'watch')).toThrow(
      /^BRISK_LIMITS: expected "guard" \| "warn" \| "allow", given "watch"/,
    )
  })

  test('P2 BRISK_MAX_LIMIT is the maximum of options that state none', () => {
    const limits = (options: PaginationOptions, value: string) =>
      resolveOptions(options, { BRISK_MAX_LIMIT: value }).limits
    expect(limits({}, '500')).toMatchObject({ maxLimit: 500, onMissing: 'guard', nested: { maxLimit: 500 } })
    expect(limits({ maxLimit: 10 }, '500').maxLimit).toBe(10)
    expect(limits({ defaultLimit: 80 }, '20').maxLimit).toBe(80)
    expect(() => limits({}, 'many')).toThrow(/^BRISK_MAX_LIMIT: expected an integer/)
  })

  test('resolved options are frozen', () => {
    const options = resolveOptions()
    expect([options, options.limits, options.limits.nested, options.cursor].every(Object.isFrozen)).toBe(true)
  })
})

test.each<[string, object, RegExp]>([
  ['an unknown name', { maxlimit: 5 }, /^pagination\.maxlimit: .*did you mean maxLimit\?/],
  ['a maximum of none', { maxLimit: 0 }, /^pagination\.maxLimit: expected an integer \(at least 1/],
  ['a fraction', { defaultLimit: 2.5 }, /^pagination\.defaultLimit: .*given 2\.5/],
  ['more than 32 bits hold', { maxLimit: 2 ** 31 - 1 }, /at most 2147483646/],
  [
    'a default above the maximum',
    { defaultLimit: 300 },
    /^pagination\.defaultLimit: expected at most maxLimit \(200\), given 300/,
  ],
  [
    'a nested default above the maximum',
    { nested: { defaultLimit: 300 } },
    /^pagination\.nested\.defaultLimit/,
  ],
  [
    'a policy that does not exist',
    { onMissing: 'clamp' },
    /^pagination\.onMissing: expected "guard" \| "warn" \| "default" \| "reject" \| "allow"/,
  ],
  ['a model option', { models: { Post: { maxLimit: '5' } } }, /^pagination\.models\.Post\.maxLimit/],
  ['a ceiling of none', { maxDriverRows: 0 }, /^pagination\.maxDriverRows/],
  ['heavy types that are not', { omitHeavy: { types: ['String'] } }, /^pagination\.omitHeavy/],
  ['heavy fields that are no list', { omitHeavy: { fields: { Post: 'body' } } }, /^pagination\.omitHeavy/],
  ['a cursor that never lives', { cursor: { maxAge: 0 } }, /^pagination\.cursor\.maxAge/],
  ['no secret', { cursor: { secret: [] } }, /^pagination\.cursor\.secret/],
])('%s is E_INVALID_OPTIONS at once', (_, options, message) => {
  expect(() => pagination(options as PaginationOptions)).toThrow(
    expect.objectContaining({ code: 'E_INVALID_OPTIONS', message: expect.stringMatching(message) }),
  )
})

test('P23 a secret that is too short is refused without being shown', () => {
  const secret = 'hunter2'
  let message = ''
  try {
    pagination({ cursor: { secret } })
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toMatch(/^pagination\.cursor\.secret: expected a secret/)
  expect(message).not.toContain(secret)
})
