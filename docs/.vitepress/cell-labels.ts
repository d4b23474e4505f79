import type { MarkdownRenderer } from 'vitepress'

/**
 * Gives each cell of a table the heading of its column as `data-label`: on a phone a row becomes a card whose cells
 * name themselves (theme/tables.css). The roles keep it a table for screen readers.
 */
export function cellLabels(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('cell-labels', ({ tokens }) => {
    let labels: string[] = []
    let column = 0
    for (const [index, token] of tokens.entries()) {
      if (token.type === 'table_open') {
        labels = []
        token.attrSet('role', 'table')
      } else if (token.type === 'tr_open') {
        column = 0
        token.attrSet('role', 'row')
      } else if (token.type === 'th_open') {
        labels.push(textOf(tokens[index + 1]?.children ?? []))
        token.attrSet('role', 'columnheader')
      } else if (token.type === 'td_open') {
        token.attrSet('data-label', labels[column] ?? '')
        token.attrSet('role', 'cell')
        column += 1
      }
    }
  })
}

/** What a heading says, without its markup. */
function textOf(children: readonly { type: string; content: string }[]): string {
  return children
    .map(({ type, content }) => (type === 'text' || type === 'code_inline' ? content : ' '))
    .join('')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
