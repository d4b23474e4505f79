import { batching } from '../src/index.ts'
import { resolveOptions } from '../src/options.ts'

test.each([
  [{ maxBatchSize: 0 }, 'batching.maxBatchSize'],
  [{ maxBatchSize: 1.5 }, 'batching.maxBatchSize'],
  [{ schedule: 'later' }, 'batching.schedule'],
  [{ scope: 'tenant' }, 'batching.scope'],
  [{ models: { User: 'no' } }, 'batching.models.User'],
  [{ operations: { groupBy: true } }, 'batching.operations.groupBy'],
  [{ writes: { update: true } }, 'batching.writes.update'],
  [{ maxBatchSizes: 5 }, 'batching.maxBatchSizes'],
])('refuses %j at once, naming the option', (options, path) => {
  expect(() => batching(options as never)).toThrow(
    expect.objectContaining({ code: 'E_INVALID_OPTIONS', path }),
  )
})

test('everything is on by default, but for writes', () => {
  const resolved = resolveOptions()
  expect(resolved).toMatchObject({
    maxBatchSize: Infinity,
    schedule: 'adaptive',
    scope: null,
    creates: false,
  })
  expect(resolved.operations.has('findUniqueOrThrow')).toBe(true)
  expect(resolveOptions({ operations: { findUnique: false } }).operations.has('findUniqueOrThrow')).toBe(
    false,
  )
})
