import type { SchemaBlock } from '../schema/schema-blocks.ts'
import { TextLines } from '../schema/text-lines.ts'

export interface SchemaEdit {
  /** Lines to add at the end of a model. */
  readonly add: readonly { readonly block: SchemaBlock; readonly lines: readonly string[] }[]
  /** Numbers of lines to take out, from 1: Prisma wants each attribute on a line of its own. */
  readonly remove: ReadonlySet<number>
}

/** The schema text with lines added to its models and lines taken out; every other byte stays as it is. */
export function editSchema(text: string, { add, remove }: SchemaEdit): string {
  const lines = new TextLines(text)
  const changes = [
    ...add.map(({ block, lines: added }) => insertion(text, block, added)),
    ...[...remove].map((line) => ({
      from: lines.startOf(line),
      to: endOfLine(text, lines.startOf(line)),
      text: '',
    })),
  ]
  let out = text
  // From the end, so that earlier offsets hold.
  for (const change of changes.sort((a, b) => b.from - a.from))
    out = out.slice(0, change.from) + change.text + out.slice(change.to)
  return out
}

function insertion(text: string, block: SchemaBlock, lines: readonly string[]) {
  const body = text.slice(block.from, block.to)
  const end = body.includes('\r\n') ? '\r\n' : '\n'
  const indent = /\n([ \t]+)\S/.exec(body)?.[1] ?? '  '
  // Prisma wants the closing brace on a line of its own.
  const at = text.lastIndexOf('\n', block.to - 1) + 1
  const before = text.slice(0, at)
  const lastLine = before.trimEnd().split('\n').at(-1) ?? ''
  // Prisma's formatter sets block attributes apart from the fields by an empty line.
  const gap = /\n[ \t]*\r?\n$/.test(before) || /^\s*@@/.test(lastLine) ? '' : end
  return { from: at, to: at, text: gap + lines.map((line) => `${indent}${line}${end}`).join('') }
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf('\n', start)
  return end === -1 ? text.length : end + 1
}
