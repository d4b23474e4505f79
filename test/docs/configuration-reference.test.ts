import { readFileSync } from 'node:fs'
import { CONFIGURATION_REFERENCE, configurationReference } from '../../scripts/configuration-reference.ts'

test('the configuration reference says what the TSDoc of the options says; `npm run docs` writes it', async () => {
  const written = await configurationReference()
  expect(readFileSync(CONFIGURATION_REFERENCE, 'utf8')).toBe(written)
  // A description for every option, or the table has holes.
  expect(written.split('\n').filter((line) => /^\| `.*\|\s+\|$/.test(line))).toEqual([])
})
