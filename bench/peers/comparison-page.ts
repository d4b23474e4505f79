import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import type { Verdict } from './contender.ts'

export interface Section {
  readonly title: string
  readonly contenders: readonly { readonly name: string; readonly version: string }[]
  readonly verdicts: readonly Verdict[]
  readonly measures: readonly Measure[]
}

/** One measured row: what was done, and each contender's value. */
export interface Measure {
  readonly what: string
  readonly unit: string
  readonly values: readonly number[]
}

const intro = `---
pageClass: wide
aside: false
---

# Comparison

Written by \`npm run bench -- peers --write\`: every cell was run, none is claimed. Each check runs on a database of its
own; what prisma-brisk promises is in the [behaviour lists](./behaviour/index.md). Peers have the settings that their documentation
recommends, and a column of their own with the defaults where those differ. Times are medians of one run on one machine: compare them
with each other only.
`

/** Writes docs/comparison.md. */
export async function writeComparison(sections: readonly Section[]): Promise<void> {
  const path = fileURLToPath(new URL('../../docs/comparison.md', import.meta.url))
  const text = [intro, ...sections.map(sectionText)].join('\n')
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser: 'markdown' }))
}

function sectionText({ title, contenders, verdicts, measures }: Section): string {
  const head = ['check', ...contenders.map(({ name, version }) => `${name}<br>${version}`)]
  const rows = [
    ...verdicts.map(({ says, outcomes }) => [says, ...outcomes.map((holds) => (holds ? 'yes' : 'no'))]),
    ...measures.map(({ what, unit, values }) => [
      what,
      ...values.map((value) => `${Number(value.toPrecision(3))} ${unit}`.trim()),
    ]),
  ]
  return [
    `## ${title}`,
    '',
    ...[head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`),
    '',
  ].join('\n')
}
