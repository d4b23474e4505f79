import { rules } from './index.ts'
import type { Rule } from './rule.ts'

/** The rules' documentation as Markdown (docs/guide/index-rules.md), made from the rules themselves. */
export function ruleReference(): string {
  return `${[HEAD, ...rules.map(section)].join('\n\n')}\n`
}

const HEAD = `# Rules of the index advisor

Made from \`packages/index-advisor/src/rules\`; a test holds the two together. The name of a rule stands in SARIF as the
rule's id. Any index can be turned down for good with a comment in the schema: \`/// brisk-ignore authorId: reason\`.`

function section({ name, summary, why, silent, example }: Rule): string {
  return `## ${name}

${summary}

${why}

Silent where:

${silent.map((each) => `- ${each}`).join('\n')}

Example:

\`\`\`
${example.given}
\`\`\`

→ ${example.then}`
}
