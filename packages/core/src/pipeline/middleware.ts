import type { Call } from './call.ts'

/** Passes a call to the next middleware, or, behind the last one, to Prisma. */
export type Next = (call: Call) => Promise<unknown>

/** A link of the pipeline: answers the call itself, passes it on, or passes it on changed. */
export type Middleware = (call: Call, next: Next) => Promise<unknown>

/**
 * Composes middlewares, outermost first, into one function. The continuations are built once, not for each
 * call, so a middleware that only passes on costs a function call.
 */
export function compose(middlewares: readonly Middleware[]): Next {
  return middlewares.reduceRight<Next>(
    (next, middleware) => (call) => middleware(call, next),
    (call) => call.dispatch(),
  )
}
