import { isAbsent, type Call, type Next } from '@prisma-brisk/core'
import { LimitExceededError, UnboundedReadError } from '../errors.ts'
import { publishLimit } from '../limit-event.ts'
import { CallName, isWhole, wholeNumber, type Leniency, type ListName } from '../list-bound.ts'
import type { OnExceeded, ResolvedLimits } from '../limit-options.ts'

/** Rows that are created and returned are as many as the data. */
export function checkCreated(call: Call, { maxLimit, onExceeded }: ResolvedLimits): Leniency | null {
  const { data } = call.args
  if (!Array.isArray(data) || data.length <= maxLimit) return null
  return exceeded(data.length, new CallName(call), maxLimit, onExceeded)
}

/**
 * An update that returns its rows is refused before it writes. How many rows it would return is counted first, up to one more than
 * it may; a `limit` would silently leave rows unwritten.
 *
 * @param next is given what a guard would have said, where the policy only tells it
 */
export function updateWithin(
  call: Call,
  next: (call: Call, leniency: Leniency | null) => Promise<unknown>,
  { maxLimit, onMissing, onExceeded }: ResolvedLimits,
): Promise<unknown> {
  const list = new CallName(call)
  const { limit } = call.args
  if (!isAbsent(limit)) {
    if (onExceeded === 'warn' && !isWhole(limit))
      return next(call, { policy: 'warn', limit: maxLimit, code: 'E_INVALID_LIMIT', isRefused: true })
    const rows = wholeNumber(limit, list, 'limit')
    return next(call, rows > maxLimit ? exceeded(rows, list, maxLimit, onExceeded) : null)
  }
  if (onMissing === 'allow' || onMissing === 'warn')
    return next(call, { policy: onMissing, limit: maxLimit, code: 'E_UNBOUNDED_READ', isRefused: false })
  // Members of an array transaction are sent exactly once, so nothing can be counted for them.
  const { kind } = call.transaction
  if (onMissing === 'reject' || kind === 'array' || kind === 'unrecognised' || !call.canRedirect)
    throw new UnboundedReadError(list.name(), maxLimit, list.callSite(), 'untold', 'limit')
  return counted(call, (within) => next(within, null), list, maxLimit)
}

function exceeded(rows: number, list: ListName, limit: number, policy: OnExceeded): Leniency {
  if (policy !== 'allow' && policy !== 'warn')
    throw new LimitExceededError(list.name(), rows, limit, list.callSite())
  return { policy, limit, code: 'E_LIMIT_EXCEEDED', isRefused: true }
}

async function counted(call: Call, next: Next, list: ListName, maxLimit: number): Promise<unknown> {
  const { where } = call.args
  const rows = await call.send('count', { ...(isAbsent(where) ? {} : { where }), take: maxLimit + 1 })
  if ((rows as number) <= maxLimit) return next(call)
  const error = new UnboundedReadError(list.name(), maxLimit, list.callSite(), 'more', 'limit')
  publishLimit(call, { rule: 'reject', limit: maxLimit, code: error.code })
  throw error
}
