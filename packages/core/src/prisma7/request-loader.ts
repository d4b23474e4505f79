import { AsyncLocalStorage } from 'node:async_hooks'
import type { Call } from '../pipeline/call.ts'
import type { Next } from '../pipeline/middleware.ts'
import { judgeFailure } from '../driver/failure/judge-failure.ts'
import { ContextCaller, StatementCallers } from '../driver/statement-callers.ts'
import { currentWitness } from '../driver/statement-witness.ts'

/** A request as Prisma's loader holds it. */
interface LoadedRequest {
  readonly transaction?: { readonly kind?: string; readonly lock?: object } | undefined
  [CONTEXT]?: ContextCaller
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
const watched = new WeakSet<object>()
const apart = new AsyncLocalStorage<true>()
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
    if (!isMember && (apart.getStore() === true || currentWitness() !== undefined)) return undefined
    const batch = batchBy.call(options, request)
    if (batch) request[CONTEXT] = new ContextCaller()
    return batch
  }
  options.singleLoader = (request) => {
    const load = () => singleLoader.call(options, request)
    return request[CONTEXT]?.within(load) ?? load()
  }
  options.batchLoader = (requests) => {
    const load = () => batchLoader.call(options, requests)
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
 * a fluent read whose row is missing with `undefined`, where a call by itself throws P2025: such a fluent read is asked again
 * by itself. Others are merged by us, or are left as they are.
 */
export async function sendUniqueRead(call: Call, next: Next): Promise<unknown> {
  if (call.dataPath.length === 0) return next(call)
  try {
    const value = await next(call)
    if (value !== undefined || !call.operation.endsWith('OrThrow')) return value
  } catch (error) {
    if (!mayBeAnothers(error, call)) throw error
  }
  return sendApart(() => next(call))
}

/** Whether the error may be that of another call: about a value, and not about the server or the row. */
function mayBeAnothers(error: unknown, { host, transaction }: Call): boolean {
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown }
  if (typeof name !== 'string' || !name.startsWith('PrismaClient') || code === 'P2025') return false
  const { outcome, reason } = judgeFailure(error)
  if (reason !== null) return false
  // PostgreSQL refuses everything after a failed statement of a transaction.
  return transaction.kind === 'none' || host.provider !== 'postgresql' || outcome === 'unsent'
}
