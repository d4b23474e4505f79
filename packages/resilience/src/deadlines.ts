import type { Call, DriverListener, Host, Next } from '@prisma-brisk/core'
import { currentLimits } from './limits.ts'
import { Deadline, deadlineKey } from './deadline.ts'
import { QueryAbortedError, QueryTimeoutError } from './errors.ts'
import type { ResolvedResilienceOptions } from './options.ts'

const listenerKey = Symbol('prisma-brisk.deadlines')

/** Lets no operation of one mount take longer than it may. */
export class Deadlines {
  constructor(
    private readonly host: Host,
    private readonly options: ResolvedResilienceOptions,
  ) {
    host.state(listenerKey, () => host.tap?.listen(listener(host)))
  }

  run(call: Call, next: Next): Promise<unknown> {
    const own = currentLimits()
    const timeout = own?.timeout ?? this.timeoutOf(call)
    const signal = own?.signal
    if (timeout === false && signal === undefined) return next(call)
    const { model, operation } = call
    return new Deadline(call, this.host.tap).run(
      () => next(call),
      { timeout, signal },
      (cause) =>
        cause === 'timeout'
          ? new QueryTimeoutError(model, operation, timeout as number)
          : new QueryAbortedError(model, operation, signal?.reason),
    )
  }

  private timeoutOf({ model, operation }: Call): number | false {
    const { timeouts, timeout } = this.options
    if (timeouts.size === 0) return timeout
    return timeouts.get(`${model ?? ''}.${operation}`) ?? timeouts.get(model ?? operation) ?? timeout
  }
}

/** Has the deadline of a call watch the connections of its statements, so that it can stop what they run. */
function listener(host: Host): DriverListener {
  return {
    watch: ({ call }) => {
      const deadline = call?.host === host ? call.notes[deadlineKey] : undefined
      if (deadline?.error !== undefined) throw deadline.error
      return deadline ?? null
    },
  }
}
