import type { Call, Next } from '@prisma-brisk/core'
import { QueryTimeoutError } from './errors.ts'
import type { ResolvedResilienceOptions } from './options.ts'

/** Lets no operation take longer than it may. */
export class Deadlines {
  constructor(private readonly options: ResolvedResilienceOptions) {}

  run(call: Call, next: Next): Promise<unknown> {
    const timeout = this.timeoutOf(call)
    if (timeout === false) return next(call)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new QueryTimeoutError(call.model, call.operation, timeout)),
        timeout,
      )
      timer.unref()
      next(call).then(
        (result) => {
          clearTimeout(timer)
          resolve(result)
        },
        (error: unknown) => {
          clearTimeout(timer)
          reject(error)
        },
      )
    })
  }

  private timeoutOf({ model, operation }: Call): number | false {
    const { timeouts, timeout } = this.options
    if (timeouts.size === 0) return timeout
    return timeouts.get(`${model ?? ''}.${operation}`) ?? timeouts.get(model ?? operation) ?? timeout
  }
}
