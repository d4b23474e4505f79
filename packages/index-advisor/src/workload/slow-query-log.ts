import { createReadStream, existsSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { createGunzip, type Gunzip } from 'node:zlib'

import type { Provider } from '../catalog/catalog.ts'
import { AdvisorError } from '../errors.ts'
import { type Workload, WorkloadBuilder } from './workload.ts'

/**
 * The JSON-lines log of `@prisma-brisk/slow-query` with what was rotated away from it (`log.1`, `log.2.gz`, …). A
 * line that is cut off, at the end of a file being written or at the beginning of a copied one, is counted and passed
 * over; so are the other records a sink gets.
 */
export async function readSlowQueryLog(path: string, provider: Provider): Promise<Workload> {
  const builder = new WorkloadBuilder(provider)
  let understood = 0
  let torn = 0
  for (const file of rotatedFiles(path)) {
    for await (const line of linesOf(file)) {
      const record = readRecord(line)
      if (record === null) torn++
      else understood++
      if (record !== null && record.threshold !== null) builder.loggedFrom(record.threshold)
      for (const statement of record?.statements ?? []) {
        await builder.add({
          sql: statement.sql,
          calls: 1,
          totalMs: statement.ms,
          rows: statement.rows,
          operation: record?.operation ?? null,
          at: record?.at ?? null,
        })
      }
    }
  }
  if (understood === 0 && torn > 0) {
    throw new AdvisorError(
      'E_WORKLOAD',
      `${path} is no slow-query log: none of its ${torn} lines is a JSON record.`,
    )
  }
  if (torn > 0) builder.skip('torn', torn)
  return builder.build('slow-query-log')
}

/** Oldest first. */
function rotatedFiles(path: string): string[] {
  const files: string[] = []
  for (let number = 1; ; number++) {
    const found = [`${path}.${number}`, `${path}.${number}.gz`].filter((file) => existsSync(file))
    if (found.length === 0) break
    files.push(...found)
  }
  return [...files.reverse(), path]
}

async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = ''
  try {
    for await (const text of textOf(path)) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim() !== '') yield line
    }
  } catch (cause) {
    // A compressed file that ends early, as one still being written does, gives what it has.
    if (!path.endsWith('.gz') || (cause as { syscall?: string }).syscall !== undefined) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new AdvisorError('E_WORKLOAD', `The workload ${path} cannot be read: ${reason}`, { cause })
    }
  }
  if (rest.trim() !== '') yield rest
}

async function* textOf(path: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  const file = createReadStream(path)
  const bytes: AsyncIterable<Buffer> = path.endsWith('.gz') ? compose(file, createGunzip()) : file
  for await (const chunk of bytes) yield decoder.write(chunk)
  yield decoder.end()
}

/** A failure of the file reaches the reader too. */
function compose(file: Readable, gunzip: Gunzip): Gunzip {
  file.once('error', (error) => gunzip.destroy(error))
  return file.pipe(gunzip)
}

interface LogRecord {
  readonly operation: string | null
  readonly at: string | null
  readonly threshold: number | null
  readonly statements: readonly { readonly sql: string; readonly ms: number; readonly rows: number | null }[]
}

function readRecord(line: string): LogRecord | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { model, operation, callSite, threshold, statements } = value as Record<string, unknown>
  const name = [model, operation].filter((part) => typeof part === 'string').join('.')
  return {
    operation: name === '' ? null : name,
    at: typeof callSite === 'string' ? callSite : null,
    threshold: typeof threshold === 'number' ? threshold : null,
    statements: (Array.isArray(statements) ? statements : []).flatMap((statement: unknown) => {
      const { sql, ms, rows } = (statement ?? {}) as Record<string, unknown>
      if (typeof sql !== 'string') return []
      return [{ sql, ms: typeof ms === 'number' ? ms : 0, rows: typeof rows === 'number' ? rows : null }]
    }),
  }
}
