import { createReadStream, existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

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
      for (const statement of record?.statements ?? []) {
        await builder.add({
          sql: statement.sql,
          calls: 1,
          totalMs: statement.ms,
          rows: statement.rows,
          operation: record?.operation ?? null,
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
  const file = createReadStream(path)
  const opened = new Promise<void>((resolve, reject) => {
    file.once('open', () => resolve())
    file.once('error', (cause) =>
      reject(
        new AdvisorError('E_WORKLOAD', `The workload ${path} cannot be read: ${cause.message}`, { cause }),
      ),
    )
  })
  await opened
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  const lines = createInterface({ input, crlfDelay: Infinity })
  // A gzip file that ends early gives what it has, then fails; readline does not pass the failure on.
  input.once('error', () => lines.close())
  for await (const line of lines) if (line.trim() !== '') yield line
}

interface LogRecord {
  readonly operation: string | null
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
  const { model, operation, statements } = value as Record<string, unknown>
  const name = [model, operation].filter((part) => typeof part === 'string').join('.')
  return {
    operation: name === '' ? null : name,
    statements: (Array.isArray(statements) ? statements : []).flatMap((statement: unknown) => {
      const { sql, ms, rows } = (statement ?? {}) as Record<string, unknown>
      if (typeof sql !== 'string') return []
      return [{ sql, ms: typeof ms === 'number' ? ms : 0, rows: typeof rows === 'number' ? rows : null }]
    }),
  }
}
