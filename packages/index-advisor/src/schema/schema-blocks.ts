import type { SchemaBlock as Syntax } from '@prisma-brisk/core/schema-syntax'
import { readSchemaBlocks } from '@prisma-brisk/core/schema-syntax'
import type { ClaimSource } from '../catalog/catalog.ts'
import { TextLines } from './text-lines.ts'

/** A top-level block of one schema file, with its place in the file. */
export interface SchemaBlock extends Syntax {
  readonly file: string
  /** Line of the keyword, from 1. */
  readonly line: number
  /** `/// brisk-ignore authorId: reason`, in the block or right above it. */
  readonly ignores: readonly IgnoreComment[]
  /** Line of an offset in the file. */
  lineOf(offset: number): number
}

export interface IgnoreComment {
  /** Field names; `*` for the whole model. */
  readonly fields: readonly string[]
  readonly reason: string
  readonly line: number
}

/** @throws SchemaSyntaxError */
export function readBlocks(file: string, text: string): SchemaBlock[] {
  const lines = new TextLines(text)
  return readSchemaBlocks(text).map((block) => ({
    ...block,
    file,
    line: lines.lineOf(block.from),
    ignores: ignoresIn(text, block, lines),
    lineOf: (offset) => lines.lineOf(offset),
  }))
}

/** Where in the schema something is declared. */
export function sourceAt(block: SchemaBlock, offset: number): ClaimSource {
  return { kind: 'schema', file: block.file, line: block.lineOf(offset) }
}

const IGNORE = /\/\/[/ \t]*brisk-ignore[ \t]+([^:\r\n]+?)[ \t]*(?::[ \t]*([^\r\n]*))?(?=\r|\n|$)/g

/** Also in the comment lines that stand right above the block. */
function ignoresIn(text: string, { from, to }: Syntax, lines: TextLines): IgnoreComment[] {
  let first = lines.lineOf(from)
  while (first > 1 && /^[ \t]*\/\//.test(text.slice(lines.startOf(first - 1), lines.startOf(first)))) first--
  const start = lines.startOf(first)
  return [...text.slice(start, to).matchAll(IGNORE)].map((match) => ({
    fields: (match[1] ?? '').split(/[\s,]+/).filter((field) => field !== ''),
    reason: (match[2] ?? '').trim(),
    line: lines.lineOf(start + match.index),
  }))
}
