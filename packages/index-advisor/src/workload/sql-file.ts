import { readFile } from 'node:fs/promises'

import type { Provider } from '../catalog/catalog.ts'
import { AdvisorError } from '../errors.ts'
import { type Workload, WorkloadBuilder } from './workload.ts'

/**
 * A file of statements that end with `;`. Each counts as one call, or as many as a comment right before it says:
 * `-- calls: 1200, ms: 35` (ms of one call).
 */
export async function readSqlFile(path: string, provider: Provider): Promise<Workload> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new AdvisorError('E_WORKLOAD', `The workload ${path} cannot be read: ${cause.message}`, { cause })
  })
  const builder = new WorkloadBuilder(provider)
  for (const { sql, calls, ms } of statementsOf(text, provider)) {
    await builder.add({ sql, calls, totalMs: calls * ms, rows: null })
  }
  return builder.build('sql-file')
}

interface FileStatement {
  readonly sql: string
  readonly calls: number
  readonly ms: number
}

function* statementsOf(text: string, provider: Provider): Generator<FileStatement> {
  const tag = provider === 'postgresql' ? /\$([A-Za-z_]\w*)?\$/y : null
  const quotes = provider === 'postgresql' ? `'"` : `'"\``
  let start = 0
  let at = 0
  while (at < text.length) {
    const character = text[at] as string
    if (quotes.includes(character)) at = quotedEnd(text, at, character, provider)
    else if (text.startsWith('--', at)) at = endOf(text, '\n', at)
    else if (text.startsWith('/*', at)) at = endOf(text, '*/', at)
    else if (character === '$' && tag !== null) {
      tag.lastIndex = at
      const opened = tag.exec(text)
      at = opened === null ? at + 1 : endOf(text, opened[0], at + opened[0].length)
    } else if (character === ';') {
      yield* statement(text.slice(start, at))
      start = ++at
    } else at++
  }
  yield* statement(text.slice(start))
}

function* statement(part: string): Generator<FileStatement> {
  const lead = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/.exec(part)?.[0] ?? ''
  const sql = part.slice(lead.length).trim()
  if (sql === '') return
  yield { sql, calls: numberAfter(lead, 'calls') ?? 1, ms: numberAfter(lead, 'ms') ?? 0 }
}

function numberAfter(comment: string, word: string): number | null {
  const found = new RegExp(`\\b${word}\\s*[:=]\\s*(\\d+(?:\\.\\d+)?)`, 'i').exec(comment)
  return found === null ? null : Number(found[1])
}

function quotedEnd(text: string, from: number, quote: string, provider: Provider): number {
  const escapes = provider === 'mysql' || (quote === "'" && /[eE]/.test(text[from - 1] ?? ''))
  for (let at = from + 1; at < text.length; at++) {
    if (escapes && text[at] === '\\') at++
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1
      at++
    }
  }
  return text.length
}

function endOf(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from)
  return found < 0 ? text.length : found + end.length
}
