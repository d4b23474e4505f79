import { InvalidOptionsError } from '../errors.ts'
import { setImmediate } from '../real-timers.ts'
import type { SchemaModel } from '../schema/datamodel/schema-model.ts'

export type Provider = 'postgresql' | 'mysql' | 'sqlite' | 'cockroachdb' | 'sqlserver' | 'mongodb'

/** What `mount` knows of a base client. */
export interface HostFacts {
  readonly provider: Provider
  /** Values one statement may bind, where the driver says so. */
  maxBindValues(): number | undefined
  /** Loads the schema model, or null with the reason where none can be had. */
  loadSchema(): SchemaModel | null
  /** Connects the client, or does nothing where it is. */
  connect(): Promise<void>
  /** Whether Prisma batches until a timer's turn, as its clients for edge runtimes do, and not until the end of a tick. */
  readonly batchesByTimer: boolean
  /** Fields that the client's own `omit` option leaves out, as far as that shows. */
  omittedFields(model: string): readonly string[]
}

/**
 * What all extended clients of one base client share: the schema model, and the {@link Host.state} of each part of the
 * suite: driver tap, stores, loaders, percentiles. It lives as long as the base client.
 */
export class Host {
  /** Unique in the process. */
  readonly id = nextId++
  /** Packages of the suite that clients of this base client carry, by their short names. */
  readonly carried = new Set<string>()
  private readonly states = new Map<symbol, unknown>()
  private readonly warned = new Set<string>()
  private readonly disconnectors = { first: new Set<Disconnector>(), last: new Set<Disconnector>() }
  private model: SchemaModel | null | undefined

  constructor(private readonly facts: HostFacts) {}

  get provider(): Provider {
    return this.facts.provider
  }

  /**
   * The schema model, loaded the first time it is asked for (about 0.2 ms a model), or null after one warning
   * where there is none; features that need it then switch themselves off.
   */
  schema(): SchemaModel | null {
    if (this.model === undefined) this.model = this.facts.loadSchema()
    return this.model
  }

  /** Whether Prisma batches until a timer's turn, as its clients for edge runtimes do, and not until the end of a tick. */
  get batchesByTimer(): boolean {
    return this.facts.batchesByTimer
  }

  /** Values one statement may bind: what the driver says, else the database's own limit. */
  get maxBindValues(): number {
    return this.facts.maxBindValues() ?? bindLimits[this.provider]
  }

  /** Connects the client, or does nothing where it is. What it fails with, the client's first statement would have failed with. */
  connect(): Promise<void> {
    return this.facts.connect()
  }

  /** Fields of a model that the client's own `omit` option leaves out of every answer, as far as that shows. */
  omittedFields(model: string): readonly string[] {
    return this.facts.omittedFields(model)
  }

  /** State of a package that all extended clients of this base client share, made once. */
  state<T>(key: symbol, create: () => T): T {
    if (!this.states.has(key)) this.states.set(key, create())
    return this.states.get(key) as T
  }

  /** Warns once per code and client, through `process.emitWarning`; `message` must hold no argument values. */
  warnOnce(code: string, message: string): void {
    if (this.warned.has(code)) return
    this.warned.add(code)
    process.emitWarning(message, { type: 'PrismaBriskWarning', code })
  }

  /**
   * Runs before the client disconnects, while statements can still be sent; the returned function forgets it. `'last'` runs
   * once all others are done: for who tells what they did.
   */
  onDisconnect(run: () => void | Promise<void>, when: 'first' | 'last' = 'first'): () => void {
    const runs = this.disconnectors[when]
    runs.add(run)
    return () => runs.delete(run)
  }

  /** Called when the client disconnects; failures of one package must not keep the others from closing. */
  async disconnecting(): Promise<void> {
    const { first, last } = this.disconnectors
    const results = await settleAll(first)
    results.push(...(await settleAll(last)))
    // Node prints a warning a moment after it is given; the caller may exit the process at once.
    await new Promise((resolve) => setImmediate(resolve))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
}

type Disconnector = () => void | Promise<void>

function settleAll(runs: ReadonlySet<Disconnector>): Promise<PromiseSettledResult<void>[]> {
  return Promise.allSettled([...runs].map(async (run) => run()))
}

let nextId = 1

const bindLimits: Readonly<Record<Provider, number>> = {
  postgresql: 32_766,
  cockroachdb: 32_766,
  mysql: 65_535,
  sqlite: 999,
  sqlserver: 2_098,
  mongodb: 32_766,
}

/** Narrows Prisma's provider names to ours; `mount` refuses MongoDB and unknown ones. */
export function providerOf(name: string): Provider {
  if (name === 'postgres' || name === 'postgresql') return 'postgresql'
  if (name in bindLimits) return name as Provider
  throw new InvalidOptionsError('provider', Object.keys(bindLimits).join(' | '), name)
}
