import { currentScope, type Call, type Host } from '@prisma-brisk/core'
import type { ResolvedLoopOptions } from '../options.ts'
import type { Statistics } from '../statistics.ts'
import { RequestLoops, type LoopMount } from './request-loops.ts'
import { WriteClock } from './write-clock.ts'

/** The loops of reads that one mount sees, request by request. */
export class LoopWatch implements LoopMount {
  readonly clock: WriteClock | null
  /** Tasks that `loops.scope` names. */
  private readonly tasks = new WeakMap<object, RequestLoops>()

  constructor(
    host: Host,
    readonly options: ResolvedLoopOptions,
    readonly statistics: Statistics,
  ) {
    this.clock = options.mode === 'mend' ? WriteClock.of(host) : null
  }

  /** The loops of the task or request that runs now; null outside of any. */
  current(): RequestLoops | null {
    const { scope } = this.options
    if (scope !== null) {
      const task = scope()
      if (typeof task === 'object' && task !== null) return this.ofTask(task)
    }
    const request = currentScope()
    if (request === undefined || !request.watching) return null
    return request.watcher(this, this.begin)
  }

  private readonly begin = (): RequestLoops => new RequestLoops(this)

  /** A call that is not collected: its rows may be those of a loop, and what it writes is noted. */
  pass(call: Call, send: () => Promise<unknown>): Promise<unknown> {
    const loops = this.current()
    if (loops === null) return send()
    loops.writes(call)
    return send().then((answer) => {
      loops.note(call, answer)
      return answer
    })
  }

  private ofTask(task: object): RequestLoops {
    let loops = this.tasks.get(task)
    if (loops === undefined) this.tasks.set(task, (loops = new RequestLoops(this)))
    return loops
  }
}
