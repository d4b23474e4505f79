import type { Middleware, Next } from './call.ts'

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
