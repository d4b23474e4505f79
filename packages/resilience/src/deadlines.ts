import {
  acquireFor,
  type Call,
  type DriverListener,
  type DriverPool,
  type Host,
  type Next,
  type SqlQueryable,
  type Statement,
} from '@prisma-brisk/core'
import { currentLimits } from './limits.ts'
import { isCancellable } from './canceller.ts'
import { Deadline, deadlineKey } from './deadline.ts'
import { DeadlineTimer } from './deadline-timer.ts'
import type { ResolvedResilienceOptions } from './options.ts'

const timerKey = Symbol('prisma-brisk.deadlines')

/** Lets no operation of one mount take longer than it may. */
export class Deadlines {
  private readonly timer: DeadlineTimer

  constructor(
    private readonly host: Host,
    private readonly options: ResolvedResilienceOptions,
  ) {
    this.timer = host.state(timerKey, () => timerOf(host))
  }

  run(call: Call, next: Next): Promise<unknown> {
    const own = currentLimits()
    const timeout = own?.timeout ?? this.timeoutOf(call)
    const signal = own?.signal
    if (timeout === false && signal === undefined) return next(call)
    return new Deadline(call, this.host.tap, this.timer, timeout, signal).run(next)
  }

  private timeoutOf({ model, operation }: Call): number | false {
    const { timeouts, timeout } = this.options
    if (timeouts.size === 0) return timeout
    return timeouts.get(`${model ?? ''}.${operation}`) ?? timeouts.get(model ?? operation) ?? timeout
  }
}

/** One timer for all extended clients of a base client, at whose driver it listens. */
function timerOf(host: Host): DeadlineTimer {
  const timer = new DeadlineTimer()
  host.tap?.listen(listener(host))
  host.onDisconnect(() => timer.close())
  return timer
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

function sendWithin<T>(
  host: Host,
  deadline: Deadline,
  statement: Statement,
  target: SqlQueryable,
  send: (on?: SqlQueryable) => Promise<T>,
): Promise<T> {
  if (deadline.error !== undefined) return Promise.reject(deadline.error)
  const { client } = target as { client?: unknown }
  if (isCancellable(client)) return deadline.sendOn(client, send)
  const pool = host.tap?.pool
  if (pool == null || !pool.leasable || pool.kind === 'lock' || statement.transaction !== null) return send()
  return sendLeased(pool, deadline, statement, target, send)
}

/** Takes a connection of the pool for one statement, so that it is known which one to stop. */
async function sendLeased<T>(
  pool: DriverPool,
  deadline: Deadline,
  statement: Statement,
  target: SqlQueryable,
  send: (on?: SqlQueryable) => Promise<T>,
): Promise<T> {
  const connection = await deadline.waitFor(acquireFor(statement, pool, target), (late) => late.release())
  try {
    return await deadline.sendOn(connection.client, () => send(connection.on))
  } finally {
    connection.release()
  }
}
