import { rules } from './index.ts'
import type { Rule } from '../rule.ts'

/** The rules' documentation as Markdown (docs/guide/index-rules.md), made from the rules themselves. */
export function ruleReference(): string {
  return `${[HEAD, ...rules.map(section)].join('\n\n')}\n`
}

const HEAD = `# Rules of the index advisor

Each rule with an example, its reasons and where it says nothing. In SARIF, the name of a rule is the rule's id. To reject an
index for good, say so in the schema: \`/// brisk-ignore authorId: reason\`.

<!-- Written from packages/index-advisor/src/rules by their test with UPDATE_DOCS=1; edit them instead. -->

${rules.map(({ name, summary }) => `- [${name}](#${name}): ${summary}`).join('\n')}`

function section({ name, summary, why, silent, example }: Rule): string {
  return `## ${name}

${summary}

\`\`\`
${example.given}
\`\`\`

→ ${example.then}

${why}

Not reported:

${silent.map((each) => `- ${each}`).join('\n')}`
}
