import type { DriverListener } from './driver-listener.ts'

/** The listeners of a tap, in the order in which they came, and which of them do more than hear. */
export class DriverListeners {
  private constructor(
    readonly all: readonly DriverListener[],
    readonly rewriting = [
      ...all.filter(({ rewrite, rewritesLast }) => rewrite !== undefined && rewritesLast !== true),
      ...all.filter(({ rewrite, rewritesLast }) => rewrite !== undefined && rewritesLast === true),
    ],
    readonly watching = all.filter(({ watch }) => watch !== undefined),
    readonly inspecting = all.filter(({ inspect }) => inspect !== undefined),
    readonly hearing = all.filter(({ statement }) => statement !== undefined),
    readonly askForCalls = all.some(({ asksForCall }) => asksForCall !== false),
  ) {}

  static readonly none = new DriverListeners([])

  with(listener: DriverListener): DriverListeners {
    return new DriverListeners([...this.all, listener])
  }

  without(listener: DriverListener): DriverListeners {
    return new DriverListeners(this.all.filter((each) => each !== listener))
  }
}
