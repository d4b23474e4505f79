import type { Call } from '../pipeline/call.ts'
import type { CallTransaction, TransactionOutcome } from '../pipeline/call-transaction.ts'
import type { Host } from '../pipeline/host.ts'

type Effect = {
  readonly outcomes: readonly TransactionOutcome[]
  readonly run: (outcome: never) => void | Promise<void>
}

/**
 * What is to happen when a transaction ends.
 *
 * Effects lie on a stack of levels, one for each open savepoint: rolling back to a savepoint drops (and tells)
 * the levels above it, releasing it merges its level into the one below, and only COMMIT runs what is left.
 */
export class TransactionScope implements CallTransaction {
  private levels: { savepoint: string | null; effects: Effect[] }[] = [{ savepoint: null, effects: [] }]
  isolationLevel: string | null = null
  private settled: TransactionOutcome | null = null
  private members: Call[] = []
  private running: number | null = null

  constructor(
    readonly kind: 'interactive' | 'array',
    readonly id: string,
    private readonly forget: () => void,
  ) {}

  afterCommit(callback: (outcome: 'committed' | 'unknown') => void | Promise<void>): void | Promise<void> {
    // A call that outlives its transaction (not awaited by the user) learns the outcome at once.
    if (this.settled !== null) return this.settled === 'rolledBack' ? undefined : callback(this.settled)
    this.top.effects.push({ outcomes: ['committed', 'unknown'], run: callback })
  }

  afterRollback(callback: () => void | Promise<void>): void {
    if (this.settled === 'rolledBack') void callback()
    if (this.settled === null) this.top.effects.push({ outcomes: ['rolledBack'], run: callback })
  }

  /** A member of an array transaction takes its place. */
  addMember(index: number, call: Call): void {
    if (this.settled === null) this.members[index] = call
  }

  /** It is this member's turn to send statements. */
  turn(index: number): void {
    this.running = index
  }

  /** The member of an array transaction that sends; undefined where it is not known. */
  get runningMember(): Call | undefined {
    return this.running === null ? undefined : this.members[this.running]
  }

  openSavepoint(savepoint: string): void {
    this.levels.push({ savepoint, effects: [] })
  }

  /** The savepoint stays open, as in SQL; what came after it is undone. */
  async rollbackToSavepoint(savepoint: string): Promise<void> {
    const index = this.levels.findLastIndex((level) => level.savepoint === savepoint)
    if (index < 1) return
    const undone = this.levels.splice(index).flatMap((level) => level.effects)
    this.levels.push({ savepoint, effects: [] })
    await runEffects(undone, 'rolledBack')
  }

  releaseSavepoint(savepoint: string): void {
    const index = this.levels.findLastIndex((level) => level.savepoint === savepoint)
    if (index < 1) return
    const kept = this.levels.splice(index).flatMap((level) => level.effects)
    this.top.effects.push(...kept)
  }

  /** Depth of open savepoints. */
  get depth(): number {
    return this.levels.length - 1
  }

  /** Runs the effects of this outcome and waits for them; the second call does nothing. */
  async settle(outcome: TransactionOutcome): Promise<void> {
    if (this.settled !== null) return
    this.settled = outcome
    this.forget()
    const effects = this.levels.flatMap((level) => level.effects)
    this.levels = [{ savepoint: null, effects: [] }]
    this.members = []
    await runEffects(effects, outcome)
  }

  private get top() {
    return this.levels[this.levels.length - 1] as { effects: Effect[] }
  }
}

/** The transactions of a process that are open and have a call in them, by Prisma's own id. */
export class TransactionRegistry {
  /** The transactions of a base client; clients on one driver adapter share them. */
  static of(host: Host): TransactionRegistry {
    return host.state(REGISTRY, () => new TransactionRegistry())
  }

  /** Makes these the transactions of a base client. */
  attach(host: Host): void {
    host.state(REGISTRY, () => this)
  }

  private readonly scopes = new Map<string, TransactionScope>()
  /** The last transactions that ended, so that a straggler of one learns its outcome and nothing is kept for it. */
  private readonly ended = new Map<string, TransactionScope>()

  scope(kind: 'interactive' | 'array', id: string): TransactionScope {
    const known = this.scopes.get(id) ?? this.ended.get(id)
    if (known !== undefined) return known
    const scope: TransactionScope = new TransactionScope(kind, id, () => this.end(id, scope))
    this.scopes.set(id, scope)
    return scope
  }

  find(id: string): TransactionScope | undefined {
    return this.scopes.get(id)
  }

  get size(): number {
    return this.scopes.size
  }

  private end(id: string, scope: TransactionScope): void {
    this.scopes.delete(id)
    this.ended.set(id, scope)
    if (this.ended.size > 1000) this.ended.delete(this.ended.keys().next().value as string)
  }
}

const REGISTRY = Symbol('transactions')

/** An effect that fails must neither stop the others nor the user's transaction, which has already ended. */
async function runEffects(effects: readonly Effect[], outcome: TransactionOutcome): Promise<void> {
  const due = effects.filter((effect) => effect.outcomes.includes(outcome))
  const results = await Promise.allSettled(due.map(async (effect) => effect.run(outcome as never)))
  for (const result of results) {
    if (result.status === 'rejected') {
      process.emitWarning(`A callback after a transaction failed: ${String(result.reason)}`, {
        type: 'PrismaBriskWarning',
        code: 'W_TRANSACTION_CALLBACK',
      })
    }
  }
}
