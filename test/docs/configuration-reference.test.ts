import { readFileSync } from 'node:fs'
import { CONFIGURATION_REFERENCE, configurationReference } from '../../scripts/configuration-reference.ts'

test('the configuration reference says what the TSDoc of the options says; `npm run docs` writes it', async () => {
  const written = await configurationReference()
  expect(readFileSync(CONFIGURATION_REFERENCE, 'utf8')).toBe(written)
  // A description for every option, or the list has holes.
  const options = written.split(/^- (?=\*\*`)/m).slice(1)
  expect(options.length).toBeGreaterThan(80)
  expect(options.filter((option) => option.split('\n').slice(1).join('').trim() === '')).toEqual([])
})
