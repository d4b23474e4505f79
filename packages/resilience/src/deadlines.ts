import {
  acquireFor,
  type Call,
  type DriverListener,
  type Host,
  type Next,
  type SqlQueryable,
  type Statement,
} from '@prisma-brisk/core'
import { currentLimits } from './limits.ts'
import { isCancellable } from './canceller.ts'
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

/** Sends the statements of calls that have a deadline over a connection of which it is known what it runs. */
function listener(host: Host): DriverListener {
  return {
    around: (statement, target, send) => {
      const { call } = statement
      const deadline = call?.host === host ? call.notes[deadlineKey] : undefined
      return deadline === undefined ? send() : sendWithin(host, deadline, statement, target, send)
    },
  }
}

async function sendWithin<T>(
  host: Host,
  deadline: Deadline,
  statement: Statement,
  target: SqlQueryable,
  send: (on?: SqlQueryable) => Promise<T>,
): Promise<T> {
  if (deadline.error !== undefined) throw deadline.error
  const { client } = target as { client?: unknown }
  if (isCancellable(client)) return deadline.sendOn(client, send)
  const pool = host.tap?.pool
  if (pool == null || !pool.leasable || pool.kind === 'lock' || statement.transaction !== null) return send()
  const connection = await deadline.waitFor(acquireFor(statement, pool, target), (late) => late.release())
  try {
    return await deadline.sendOn(connection.client, () => send(connection.on))
  } finally {
    connection.release()
  }
}
