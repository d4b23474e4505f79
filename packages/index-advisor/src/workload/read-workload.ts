import { open } from 'node:fs/promises'

import type { Provider } from '../catalog/catalog.ts'
import { AdvisorError } from '../errors.ts'
import { readSlowQueryLog } from './slow-query-log.ts'
import { readSqlFile } from './sql-file.ts'
import type { Workload } from './workload.ts'

/** `--workload <file>`: a slow-query log or a file of SQL, told apart by name, else by the first character. */
export async function readWorkload(path: string, provider: Provider): Promise<Workload> {
  const workload = (await isJsonLines(path))
    ? await readSlowQueryLog(path, provider)
    : await readSqlFile(path, provider)
  if (workload.queries.length === 0) {
    const forms = unreadForms(workload)
    const skipped = Object.entries(workload.skipped).map(
      ([reason, times]) =>
        `${times} ${reason}${reason === 'unreadable' && forms !== '' ? ` (${forms})` : ''}`,
    )
    const seen = skipped.length === 0 ? 'it is empty' : `all of it was skipped: ${skipped.join(', ')}`
    throw new AdvisorError('E_WORKLOAD', `The workload ${path} holds no query to advise on: ${seen}.`)
  }
  return workload
}

/** `at AGAINST: 8, at WINDOW: 2`: where statements were not understood. */
export function unreadForms({ unread = {} }: Workload): string {
  return Object.entries(unread)
    .slice(0, 5)
    .map(([form, times]) => `${form}: ${times}`)
    .join(', ')
}

async function isJsonLines(path: string): Promise<boolean> {
  const name = path.replace(/(\.\d+)?(\.gz)?$/, '')
  if (/\.(ndjson|jsonl|json|log)$/i.test(name)) return true
  if (/\.sql$/i.test(name)) return false
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0)
      return buffer.subarray(0, bytesRead).toString().trimStart().startsWith('{')
    } finally {
      await file.close()
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AdvisorError('E_WORKLOAD', `The workload ${path} cannot be read: ${reason}`, { cause })
  }
}
