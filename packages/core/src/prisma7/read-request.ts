import type { ReadRequest } from '../replay/replay.ts'
import type { InternalParams } from './redirect.ts'

/** What is used of a client; private to Prisma. */
export interface ReplayableClient {
  readonly _engineConfig?: { readonly logQueries?: boolean; readonly sqlCommenters?: readonly unknown[] }
  readonly _tracingHelper?: { isEnabled?(): boolean }
}

/**
 * The read that a request is, where nobody would see that Prisma did not send it: no listener for queries, no comments, no
 * spans, no array transaction; null for any other request. No extension may have a part in it any more.
 */
export function readOf(
  { _engineConfig: config, _tracingHelper: tracing }: ReplayableClient,
  params: InternalParams,
): ReadRequest | null {
  const { model, action, args, transaction, dataPath, unpacker, argsMapper } = params
  if (model === undefined || action === undefined || transaction?.kind === 'batch') return null
  if (unpacker !== undefined || argsMapper !== undefined) return null
  if (dataPath !== undefined && dataPath.length > 0) return null
  if (config === undefined || config.logQueries === true || (config.sqlCommenters ?? []).length > 0)
    return null
  if (tracing?.isEnabled?.() !== false) return null
  return {
    model,
    operation: action,
    args: args as ReadRequest['args'],
    transactionId: transaction?.id ?? null,
  }
}
