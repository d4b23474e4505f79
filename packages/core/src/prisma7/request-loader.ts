import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

/** A request as Prisma's loader holds it. */
interface LoadedRequest {
  readonly transaction?: { readonly kind?: string; readonly lock?: object } | undefined
  [CONTEXT]?: AsyncResource
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
 */
export function keepContexts(loader: RequestLoader | undefined): void {
  const options = loader?.options
  if (options === undefined || watched.has(options)) return
  const { batchBy, batchLoader, singleLoader } = options
  if (batchBy === undefined || batchLoader === undefined || singleLoader === undefined) return
  watched.add(options)
  isAnyKnown = true
  options.batchBy = (request) => {
    const isMember = request.transaction?.kind === 'batch'
    if (isMember && request.transaction?.lock !== undefined) begun.add(request.transaction.lock)
    if (!isMember && apart.getStore() === true) return undefined
    const batch = batchBy.call(options, request)
    if (batch) request[CONTEXT] = new AsyncResource('prisma-brisk.request')
    return batch
  }
  const within = <A>(
    context: AsyncResource | undefined,
    load: (requests: A) => Promise<unknown>,
    requests: A,
  ) =>
    context === undefined ? load.call(options, requests) : context.runInAsyncScope(load, options, requests)
  options.singleLoader = (request) => within(request[CONTEXT], singleLoader, request)
  options.batchLoader = (requests) => within(requests[0]?.[CONTEXT], batchLoader, requests)
}

/** Runs `send`, whose requests Prisma's loader is to send at once, and with no other in a batch. */
export const sendApart = <T>(send: () => T): T => apart.run(true, send)
