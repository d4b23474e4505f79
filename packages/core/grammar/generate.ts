import { readFileSync } from 'node:fs'
import { buildParserFile } from '@lezer/generator'

export const GRAMMAR = new URL('schema.grammar', import.meta.url)
export const PARSER = new URL('../src/schema/parser/schema-grammar.ts', import.meta.url)

/** The text of `src/schema-grammar.ts`: the parser tables that Lezer makes of `schema.grammar`. */
export function parserText(): string {
  const { parser } = buildParserFile(readFileSync(GRAMMAR, 'utf8'), {
    fileName: 'schema.grammar',
    typeScript: true,
  })
  return parser
    .replace(/^import .*$/m, "import { LRParser } from '@lezer/lr'\n")
    .replace('export const parser', '// prettier-ignore\nexport const parser')
}
