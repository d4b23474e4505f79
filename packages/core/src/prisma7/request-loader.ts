import { AsyncLocalStorage } from 'node:async_hooks'
import type { Call } from '../pipeline/call.ts'
import type { Next } from '../pipeline/middleware.ts'
import { judgeFailure } from '../driver/failure/judge-failure.ts'
import { ContextCaller, StatementCallers } from '../driver/statement-callers.ts'

/** A request as Prisma's loader holds it. */
interface LoadedRequest {
  readonly transaction?: { readonly kind?: string; readonly lock?: object } | undefined
  [CONTEXT]?: ContextCaller
  [SEAT]?: Seat
}

/** Where a call sits that may share a batch of Prisma's own. */
interface Seat {
  isShared: boolean
}

/** The loader in which Prisma collects the requests of one tick; private to Prisma, so every member is optional. */
export interface RequestLoader {
  readonly options?: {
    /** What names the batch of a request; nothing where it is sent by itself at once. */
    batchBy?: (request: LoadedRequest) => string | null | undefined
    batchLoader?: (requests: readonly LoadedRequest[]) => Promise<unknown>
    singleLoader?: (request: LoadedRequest) => Promise<unknown>
  }
}

const CONTEXT = Symbol('prisma-brisk.context')
const SEAT = Symbol('prisma-brisk.seat')
const watched = new WeakSet<object>()
const apart = new AsyncLocalStorage<true>()
const company = new AsyncLocalStorage<Seat>()
/** Locks of array transactions whose members are all there. */
const begun = new WeakSet<object>()

let isAnyKnown = false

/** Whether the members of an array transaction, who share this lock, have ceased to wait for each other; true where nobody knows. */
export const hasBegun = (lock: object): boolean => begun.has(lock) || !isAnyKnown

/**
 * Sends each batch of Prisma's loader in the async context of a request of its own.
 *
 * The loader collects what comes in one tick and sends all of its batches, of whatever transactions and models, from one
 * `process.nextTick`, and so in the context of whoever came first: statements would be taken for another caller's, and
 * transactions for one another.
 *
 * @returns whether the loader is one that is known
 */
export function keepContexts(loader: RequestLoader | undefined): boolean {
  const options = loader?.options
  if (options === undefined) return false
  if (watched.has(options)) return true
  const { batchBy, batchLoader, singleLoader } = options
  if (batchBy === undefined || batchLoader === undefined || singleLoader === undefined) return false
  watched.add(options)
  isAnyKnown = true
  options.batchBy = (request) => {
    const isMember = request.transaction?.kind === 'batch'
    if (isMember && request.transaction?.lock !== undefined) begun.add(request.transaction.lock)
    if (!isMember && apart.getStore() === true) return undefined
    const batch = batchBy.call(options, request)
    if (!batch) return batch
    request[CONTEXT] = new ContextCaller()
    const seat = company.getStore()
    if (seat !== undefined) request[SEAT] = seat
    return batch
  }
  options.singleLoader = (request) => {
    const load = () => singleLoader.call(options, request)
    return request[CONTEXT]?.within(load) ?? load()
  }
  options.batchLoader = (requests) => {
    const load = () => batchLoader.call(options, requests)
    for (const { [SEAT]: seat } of requests)
      if (seat !== undefined && requests.length > 1) seat.isShared = true
    const contexts = requests.flatMap((request) => request[CONTEXT] ?? [])
    const [first] = contexts
    // Prisma sends them in one statement, or each in one of its own, one after another.
    return first?.within(() => StatementCallers.send(contexts, first, load, contexts)) ?? load()
  }
  return true
}

/** Runs `send`, whose requests Prisma's loader is to send at once, and with no other in a batch. */
export const sendApart = <T>(send: () => T): T => apart.run(true, send)

/**
 * Sends a unique read where it may share Prisma's own batch. That batch is refused for a value of any of its calls, and it answers
 * a fluent read whose row is missing with `undefined`, where a call by itself throws P2025: a fluent read that had company is
 * then asked again by itself. Others are merged by us, or are left as they are.
 */
export async function sendUniqueRead(call: Call, next: Next): Promise<unknown> {
  if (call.dataPath.length === 0) return next(call)
  const seat: Seat = { isShared: false }
  try {
    const value = await company.run(seat, () => next(call))
    if (!seat.isShared || value !== undefined || !call.operation.endsWith('OrThrow')) return value
  } catch (error) {
    if (!seat.isShared || hasAborted(call, error)) throw error
  }
  return sendApart(() => next(call))
}

/** PostgreSQL refuses everything after a failed statement of a transaction. */
const hasAborted = ({ host, transaction }: Call, error: unknown): boolean =>
  transaction.kind !== 'none' && host.provider === 'postgresql' && judgeFailure(error).outcome !== 'unsent'
