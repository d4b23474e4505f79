import type { Args, Call, ComputedField, Dispatcher, Send } from '../pipeline/call.ts'
import type { Next } from '../pipeline/middleware.ts'
import { currentCall } from '../driver/current-call.ts'
import type { DriverTap } from '../driver/driver-tap.ts'
import { StatementCallers } from '../driver/statement-callers.ts'
import { TransactionRegistry } from '../transaction/transaction-registry.ts'
import { UnsupportedClientError } from '../errors.ts'
import { computedFieldsOf } from './client-extensions.ts'
import { withoutOwnArguments } from './own-arguments.ts'
import type { PipelineEntry } from './pipeline-entry.ts'
import { hasBegun } from './request-loader.ts'
import { redirected, type CallSite, type HookInput, type InternalParams } from './redirect.ts'
import { SentCall } from './sent-call.ts'

/** The hooks of this suite's own extensions, which change neither what a read is about nor what a write touches. */
const ownHooks = new WeakSet<object>()

export function markAsOwn<T extends object>(hook: T): T {
  ownHooks.add(hook)
  return hook
}

/** Whether a query hook is one of this suite's own extensions. */
export const isOwnHook = (hook: unknown): boolean => typeof hook === 'function' && ownHooks.has(hook)

/** Hands the calls of one hooked operation to Prisma. */
export class PrismaDispatcher implements Dispatcher {
  private sent = false

  constructor(
    private readonly input: HookInput,
    private readonly entry: PipelineEntry,
    readonly hooks: readonly unknown[] | null,
    private readonly hook: unknown,
  ) {}

  get isLastExtension(): boolean {
    return this.hooks === null || this.hooks[this.hooks.length - 1] === this.hook
  }

  get hasForeignBehind(): boolean {
    const { hooks, hook } = this
    if (hooks === null) return false
    for (let index = hooks.length - 1; index >= 0 && hooks[index] !== hook; index--)
      if (!isOwnHook(hooks[index])) return true
    return false
  }

  computedFields(model: string): readonly ComputedField[] {
    return computedFieldsOf(this.hooks, model)
  }

  dispatch(call: Call, args: Args): Promise<unknown> {
    const sent = this.strip(args)
    const params = this.input.__internalParams
    const { decorateFetch } = call.notes
    if (decorateFetch !== undefined && params !== undefined) params.customDataProxyFetch = decorateFetch
    const { transaction } = params ?? {}
    if (transaction?.kind === 'batch') return this.dispatchMember(call, sent, transaction)
    if (this.hasForeignBehind && params !== undefined && !this.entry.isFollower)
      return this.dispatchBehind(call, sent, params)
    return this.start(call, call.model, params, sent, this.query(call, sent))
  }

  /** Starts what Prisma gave a hook; a read that nobody has a part in any more may go past Prisma's planner. */
  private start(
    call: Call,
    model: string | null,
    params: InternalParams | undefined,
    args: Args,
    query: PromiseLike<unknown>,
  ): Promise<unknown> {
    const { requests, tap } = this.entry
    if (params === undefined) return inContextOf(call, tap, start, query)
    const isPlain =
      model !== null && this.hooks !== null && this.isLastExtension && this.computedFields(model).length === 0
    const send = (sent: Args): Promise<unknown> =>
      requests.pass({ ...params, args: sent }, () => start(query), isPlain)
    return inContextOf(call, tap, send, args)
  }

  /** Through extensions behind the suite, which may send the call another way. */
  private dispatchBehind(call: Call, args: Args, params: InternalParams): Promise<unknown> {
    const sent = new SentCall(params, args, this.entry)
    const { requests, tap } = this.entry
    const send = (query: PromiseLike<unknown>): Promise<unknown> =>
      requests.pass(params, () => sent.run(() => start(query)), false)
    return inContextOf(call, tap, send, this.query(call, args))
  }

  /** Prisma notes the arguments that it is given in its internals, and selects from the answer by them in the end. */
  private query({ notes }: Call, args: Args): PromiseLike<unknown> {
    const { input } = this
    return notes.keepsSelection === true && input.__internalParams !== undefined
      ? input.query(args, { ...input.__internalParams })
      : input.query(args)
  }

  send(call: Call, operation: string, args: Args, model: string | null): Promise<unknown> {
    const { input } = this
    const params = input.__internalParams
    if (params === undefined)
      throw new UnsupportedClientError('Prisma passed no internals.', 'Use call.dispatch().')
    const redirection = redirected(params, operation, args, model)
    const sent = this.strip(args)
    return this.start(call, model, redirection, sent, input.query(sent, redirection))
  }

  transact<T>(call: Call, run: (send: Send) => Promise<T>): Promise<T> {
    const { input } = this
    const params = input.__internalParams
    if (params === undefined)
      throw new UnsupportedClientError('Prisma passed no internals.', 'Use call.dispatch().')
    return currentCall.run(call, () =>
      this.entry.open((transaction) => {
        if (transaction?.kind !== 'itx')
          throw new UnsupportedClientError('Prisma hides its transactions.', '')
        return run((operation, args) =>
          start(
            input.query(this.strip(args), {
              ...redirected(params, operation, args, call.model),
              transaction,
            }),
          ),
        )
      }),
    )
  }

  get canRedirect(): boolean {
    return this.input.__internalParams?.action !== undefined
  }

  get isShownByErrors(): boolean {
    return isShown(this.input.__internalParams?.callsite)
  }

  callSiteStack(): string | null {
    return this.input.__internalParams?.callsite?._error?.stack ?? null
  }

  /** Runs the pipeline for a member of an array transaction, which must be sent exactly once or refused. */
  async settleMember(pipeline: Next, call: Call): Promise<unknown> {
    const { transaction } = this.input.__internalParams ?? {}
    const lock = transaction?.kind === 'batch' ? transaction.lock : null
    try {
      const result = await pipeline(call)
      // Answered without being sent: count this member as arrived, so that the others go on.
      if (!this.sent) void lock?.then()
      return result
    } catch (error) {
      if (!this.sent && lock !== null) refusalOf(lock).refuse(error)
      throw error
    }
  }

  private async dispatchMember(
    call: Call,
    args: Args,
    { index, lock }: { index: number; lock: PromiseLike<void> },
  ): Promise<unknown> {
    const refusal = refusalOf(lock)
    if (refusal.error !== undefined) throw refusal.error.reason
    this.sent = true
    const scope = TransactionRegistry.of(call.host).find(call.transaction.id ?? '')
    scope?.addMember(index, call)
    call.notes.waitsForMembers = () => !hasBegun(lock)
    try {
      const result = await Promise.race([
        currentCall.run(call, start, this.query(call, args)),
        refusal.refused,
      ])
      // Members resolve after the transaction has ended. Where nobody saw it end, it was a single member, which
      // Prisma sends without BEGIN.
      await scope?.settle('committed')
      return result
    } catch (error) {
      await scope?.settle(refusal.error === undefined ? 'unknown' : 'rolledBack')
      throw error
    }
  }

  private strip(args: Args): Args {
    return withoutOwnArguments(args, this.entry.own, this.input.__internalParams?.dataPath ?? noPath)
  }
}

/**
 * Sends, in the async context of the call, which ties statements to it. Without a listener, or comments on statements, there is
 * no context: on Node 20 and 22 the first one makes every promise of the process slower.
 */
export function inContextOf<A>(
  call: Call,
  tap: DriverTap | null,
  send: (sent: A) => Promise<unknown>,
  sent: A,
): Promise<unknown> {
  const isAsked =
    call.transaction.kind !== 'none' ||
    tap?.asksForCalls === true ||
    StatementCallers.areWatched ||
    currentCall.getStore() !== undefined
  return isAsked ? currentCall.run(call, send, sent) : send(sent)
}

/**
 * Members of an array transaction wait for each other inside Prisma, on one lock. Where a middleware refuses one
 * of them, the others would wait for ever; they are rejected with the same error instead, and nothing is sent.
 */
interface ArrayRefusal {
  /** Set once a member was refused. */
  error: { reason: unknown } | undefined
  /** Rejects when a member is refused; never resolves. */
  readonly refused: Promise<never>
  refuse(reason: unknown): void
}

const refusals = new WeakMap<object, ArrayRefusal>()

/** The refusal of the transaction whose members share `lock`. */
function refusalOf(lock: object): ArrayRefusal {
  const known = refusals.get(lock)
  if (known !== undefined) return known
  let reject: (reason: unknown) => void = () => undefined
  const refused = new Promise<never>((_, rejectRefused) => (reject = rejectRefused))
  refused.catch(() => undefined)
  const refusal: ArrayRefusal = {
    error: undefined,
    refused,
    refuse(reason) {
      refusal.error ??= { reason }
      reject(reason)
    },
  }
  refusals.set(lock, refusal)
  return refusal
}

export const isShown = (site: CallSite | undefined): boolean =>
  site?._error !== undefined && site.isHidden !== true

const noPath: readonly string[] = []
/** What Prisma gives a hook is lazy, and must be awaited in the context. */
const start = (query: PromiseLike<unknown>): Promise<unknown> => query.then(identity) as Promise<unknown>
const identity = <T>(value: T): T => value
