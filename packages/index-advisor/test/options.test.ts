import { advise } from '../src/advise.ts'
import type { AdviseOptions } from '../src/options.ts'
import { resolveOptions } from '../src/options.ts'

test.each([
  [
    { sorce: true },
    'advise({ sorce }): expected one of cwd, schema, migrations, source, shapes, statistics, selector, minRows, maxIndexesPerTable, writeWeight, got an unknown option.',
  ],
  [{ schema: '' }, 'advise({ schema }): expected a non-empty string, got "".'],
  [{ source: 'src/**' }, 'advise({ source }): expected true or an array of globs, got "src/**".'],
  [{ source: [1] }, 'advise({ source }): expected true or an array of globs, got an array.'],
  [{ minRows: -1 }, 'advise({ minRows }): expected a number of at least 0, got -1.'],
  [
    { maxIndexesPerTable: Number.NaN },
    'advise({ maxIndexesPerTable }): expected a number of at least 1, got null.',
  ],
  [{ selector: {} }, 'advise({ selector }): expected an object with select(), got object.'],
  [{ shapes: {} }, 'advise({ shapes }): expected an array, got object.'],
])('X66 %j → %s', async (options, message) => {
  await expect(advise(options as unknown as AdviseOptions)).rejects.toMatchObject({
    code: 'E_INVALID_OPTIONS',
    message,
  })
})

test('options resolve once, to frozen values', () => {
  const resolved = resolveOptions({ source: true })
  expect(Object.isFrozen(resolved)).toBe(true)
  expect(resolved).toMatchObject({
    cwd: process.cwd(),
    schema: null,
    source: true,
    shapes: [],
    minRows: 500,
    maxIndexesPerTable: Infinity,
    writeWeight: 1,
  })
})
