import { DriverTap, type Call, type DriverListener, type Host, type Next } from '@prisma-brisk/core'
import type { ResolvedResilienceOptions } from '../options.ts'
import { CommitDeadlines } from './commit-deadlines.ts'
import { Deadline, deadlineKey, type Retries } from './deadline.ts'
import { DeadlineTimer } from './deadline-timer.ts'
import { currentLimits } from './operation-limits.ts'

/** Lets no operation of one mount take longer than it may, its retries included. */
export class Deadlines {
  private readonly timer: DeadlineTimer
  private readonly commits: CommitDeadlines

  constructor(
    private readonly host: Host,
    private readonly options: ResolvedResilienceOptions,
    private readonly retries: Retries | null,
  ) {
    this.commits = host.state(COMMITS, () => new CommitDeadlines())
    this.timer = host.state(TIMER, () => timerOf(host, this.commits))
  }

  run(call: Call, next: Next): Promise<unknown> {
    const own = currentLimits()
    const timeout = own?.timeout ?? this.timeoutOf(call)
    const signal = own?.signal
    const retries = this.retries?.begins(call) === true ? this.retries : null
    if (timeout !== false || signal !== undefined) {
      const { timer, commits } = this
      const deadline = new Deadline(call, DriverTap.of(this.host), timer, timeout, signal)
      commits.begins(call, deadline)
      return deadline.run(next, retries)
    }
    if (retries === null) return next(call)
    return next(call).catch((error: unknown) => retries.again(call, next, error))
  }

  private timeoutOf({ model, operation }: Call): number | false {
    const { timeouts, timeout } = this.options
    if (timeouts.size === 0) return timeout
    return timeouts.get(`${model ?? ''}.${operation}`) ?? timeouts.get(model ?? operation) ?? timeout
  }
}

const TIMER = Symbol('prisma-brisk.deadlines')
const COMMITS = Symbol('prisma-brisk.commit-deadlines')

/** One timer for all extended clients of a base client, at whose driver it listens. */
function timerOf(host: Host, commits: CommitDeadlines): DeadlineTimer {
  const timer = new DeadlineTimer()
  DriverTap.of(host)?.listen(listener(host, commits))
  host.onDisconnect(() => timer.close())
  return timer
}

/** Has the deadline of a call watch the connections of its statements and of its COMMIT, so that it can stop them. */
function listener(host: Host, commits: CommitDeadlines): DriverListener {
  return {
    watch: (statement) => {
      const { call, transaction } = statement
      const deadline = call?.host === host ? call.notes[deadlineKey] : undefined
      if (deadline === undefined) return null
      if (transaction !== null) commits.sends(transaction, deadline)
      return deadline.sends(statement)
    },
    watchCommit: (transaction) => commits.watch(transaction),
  }
}
