import { readFileSync } from 'node:fs'
import { MEASURED_PAGES, measuredPage, readMeasured } from '../../scripts/measured-story.ts'

test('what the story and the home page quote is what the demo measured; `npx tsx scripts/draw-figures.ts` writes it', () => {
  const pages = MEASURED_PAGES.map((page) => readFileSync(page, 'utf8'))
  expect(pages.map((page) => page.match(/<!-- demo: \w+ -->/g)?.length)).toEqual([4, 2])
  for (const page of pages) expect(measuredPage(page, readMeasured())).toBe(page)
})
