import { isAbsent, type Call, type Next } from '@prisma-brisk/core'
import { LimitExceededError, UnboundedReadError } from '../errors.ts'
import { publishLimit } from '../limit-event.ts'
import { CallName, wholeNumber, type ListName } from '../list-bound.ts'
import type { ResolvedLimits } from '../options.ts'

/** Rows that are created and returned are as many as the data. */
export function checkCreated(call: Call, { maxLimit, onExceeded }: ResolvedLimits): void {
  const { data } = call.args
  if (onExceeded === 'allow' || !Array.isArray(data) || data.length <= maxLimit) return
  throw new LimitExceededError(new CallName(call).name(), data.length, maxLimit)
}

/**
 * An update that returns its rows is refused before it writes. How many rows it would return is counted first, up to one more than
 * it may; a `limit` would silently leave rows unwritten.
 */
export function updateWithin(
  call: Call,
  next: Next,
  { maxLimit, onMissing, onExceeded }: ResolvedLimits,
): Promise<unknown> {
  const list = new CallName(call)
  const { limit } = call.args
  if (!isAbsent(limit)) {
    const rows = wholeNumber(limit, list, 'limit')
    if (rows > maxLimit && onExceeded !== 'allow') throw new LimitExceededError(list.name(), rows, maxLimit)
    return next(call)
  }
  if (onMissing === 'allow') return next(call)
  // Members of an array transaction are sent exactly once, so nothing can be counted for them.
  const { kind } = call.transaction
  if (onMissing === 'reject' || kind === 'array' || kind === 'unrecognised' || !call.canRedirect)
    throw new UnboundedReadError(list.name(), maxLimit, list.callSite(), 'untold', 'limit')
  return counted(call, next, list, maxLimit)
}

async function counted(call: Call, next: Next, list: ListName, maxLimit: number): Promise<unknown> {
  const { where } = call.args
  const rows = await call.send('count', { ...(isAbsent(where) ? {} : { where }), take: maxLimit + 1 })
  if ((rows as number) <= maxLimit) return next(call)
  const error = new UnboundedReadError(list.name(), maxLimit, list.callSite(), 'more', 'limit')
  publishLimit(call, { rule: 'reject', limit: maxLimit, code: error.code })
  throw error
}
