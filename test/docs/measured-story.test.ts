import { readFileSync } from 'node:fs'
import { measuredStory, readMeasured, STORY } from '../../scripts/measured-story.ts'

test('what the story quotes is what the demo printed; `npx tsx scripts/draw-figures.ts` writes it', () => {
  const story = readFileSync(STORY, 'utf8')
  expect(story.match(/<!-- demo: \w+ -->/g)).toHaveLength(3)
  expect(measuredStory(story, readMeasured())).toBe(story)
})
