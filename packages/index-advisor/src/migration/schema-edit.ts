import type { SchemaBlock } from '../catalog/schema-blocks.ts'

/** The schema text with the lines added to their models; every other byte stays as it is. */
export function addIndexLines(
  text: string,
  additions: readonly { readonly block: SchemaBlock; readonly lines: readonly string[] }[],
): string {
  let out = text
  // From the end, so that earlier offsets hold.
  for (const { block, lines } of [...additions].sort((a, b) => b.block.from - a.block.from)) {
    const body = out.slice(block.from, block.to)
    const end = body.includes('\r\n') ? '\r\n' : '\n'
    const indent = /\n([ \t]+)\S/.exec(body)?.[1] ?? '  '
    // Prisma wants the closing brace on a line of its own.
    const place = out.lastIndexOf('\n', block.to - 1) + 1
    const lastLine = out.slice(0, place).trimEnd().split('\n').at(-1) ?? ''
    const gapStands = /\n[ \t]*\r?\n$/.test(out.slice(0, place))
    // Prisma's formatter sets block attributes apart from the fields by an empty line.
    const gap = gapStands || /^\s*@@/.test(lastLine) ? '' : end
    out = `${out.slice(0, place)}${gap}${lines.map((line) => `${indent}${line}${end}`).join('')}${out.slice(place)}`
  }
  return out
}
