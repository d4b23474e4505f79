import type { Call } from '@prisma-brisk/core'
import type { ListName } from './list-bound.ts'

export function nameOf(call: Call): ListName {
  return new CallName(call)
}

/** A call as errors name it. */
class CallName implements ListName {
  constructor(private readonly call: Call) {}

  name(): string {
    return `${this.call.model}.${this.call.operation}`
  }

  callSite(): string | null {
    return this.call.callSite()
  }
}
