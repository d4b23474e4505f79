import { judgeFailure, type Call } from '@prisma-brisk/core'

/**
 * Whether a call that failed may have changed something all the same; whatever is not known counts as a change.
 *
 * - Within a transaction, always: an operation may be several statements, of which the last has failed, and there is no
 *   savepoint around it. A caller who catches the error and commits keeps the others.
 * - Behind hooks of other extensions, always: nobody sees what they have sent before they failed.
 * - Alone, unless the database is known to have refused it, or never to have been asked.
 */
export function mayHaveWritten(error: unknown, call: Call): boolean {
  if (call.transaction.kind !== 'none' || call.hasForeignBehind) return true
  return judgeFailure(error).outcome === 'open'
}

/** Whether the database could not be asked at all, so that an old answer is better than none. */
export function isUnreachable(error: unknown): boolean {
  const { reason, driverCode } = judgeFailure(error)
  if (reason === 'unreachable' || reason === 'denied' || reason === 'lost') return true
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown }
  // Node's own codes, such as ECONNREFUSED, which Prisma passes on where the adapter has no name for them.
  if (code === 'E_QUERY_TIMEOUT' || (typeof code === 'string' && /^E[A-Z]+$/.test(code))) return true
  if (driverCode !== null) return false
  return name === 'PrismaClientUnknownRequestError' || name === 'PrismaClientRustPanicError'
}
