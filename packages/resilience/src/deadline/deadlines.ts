import { DriverTap, type Call, type DriverListener, type Host, type Next } from '@prisma-brisk/core'
import { currentLimits } from './operation-limits.ts'
import { Deadline, deadlineKey, type Retries } from './deadline.ts'
import { DeadlineTimer } from './deadline-timer.ts'
import type { ResolvedResilienceOptions } from '../options.ts'

const timerKey = Symbol('prisma-brisk.deadlines')

/** Lets no operation of one mount take longer than it may, its retries included. */
export class Deadlines {
  private readonly timer: DeadlineTimer

  constructor(
    private readonly host: Host,
    private readonly options: ResolvedResilienceOptions,
    private readonly retries: Retries | null,
  ) {
    this.timer = host.state(timerKey, () => timerOf(host))
  }

  run(call: Call, next: Next): Promise<unknown> {
    const own = currentLimits()
    const timeout = own?.timeout ?? this.timeoutOf(call)
    const signal = own?.signal
    const retries = this.retries?.begins(call) === true ? this.retries : null
    if (timeout !== false || signal !== undefined)
      return new Deadline(call, DriverTap.of(this.host), this.timer, timeout, signal).run(next, retries)
    if (retries === null) return next(call)
    return next(call).catch((error: unknown) => retries.again(call, next, error))
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
  DriverTap.of(host)?.listen(listener(host))
  host.onDisconnect(() => timer.close())
  return timer
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
