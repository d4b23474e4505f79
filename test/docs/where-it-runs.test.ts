import { readFileSync } from 'node:fs'
import { PAGE, pageOf, readResults } from '../matrix/where-it-runs.ts'

test('the page of where it runs says what the committed results of the matrix say, and that nothing failed', () => {
  const results = readResults()
  expect(readFileSync(PAGE, 'utf8')).toBe(pageOf(results))
  for (const [cell, { runs }] of Object.entries(results))
    for (const { run, failed } of runs) expect({ cell, run, failed }).toEqual({ cell, run, failed: [] })
})
