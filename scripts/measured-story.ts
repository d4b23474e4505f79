// docs/from-slow-endpoint-to-fix.md: what it quotes is what the demo printed, from docs/measured/demo.json.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

import { adviceTable, caseText, recommendationText, type DemoReport } from '../demo/report.ts'
import { ROOT } from './workspace.ts'

export const STORY = join(ROOT, 'docs/from-slow-endpoint-to-fix.md')

export function readMeasured(): DemoReport {
  return JSON.parse(readFileSync(join(ROOT, 'docs/measured/demo.json'), 'utf8')) as DemoReport
}

/** The story with the block behind each `<!-- demo: … -->` as the report has it. */
export function measuredStory(story: string, { cases, advice }: DemoReport): string {
  const blocks: Record<string, string> = {
    cases: caseText(cases),
    recommendations: recommendationText(advice.recommendations),
    plans: adviceTable(advice),
  }
  return story.replaceAll(
    /(<!-- demo: (\w+) -->\n\n```\n)[^`]*\n(```\n)/g,
    (_, begin: string, name: string, end: string) => {
      const block = blocks[name]
      if (block === undefined) throw new Error(`The demo prints no ${name}`)
      return `${begin}${stripVTControlCharacters(block)}\n${end}`
    },
  )
}
