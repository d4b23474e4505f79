import { awaitingSiteOf, branchOf, callSiteOf } from './call-site.ts'
import type { CallTransaction } from './call-transaction.ts'
import type { Host } from './host.ts'

/** Arguments of a model operation, or the argument list of a raw one. */
export type Args = Readonly<Record<string, unknown>>

/** A `fetch` made of another. */
export type FetchDecorator = (send: typeof fetch) => typeof fetch

/**
 * What middlewares leave for each other on a call. Notes that several packages read are declared here; a package adds
 * those that it alone writes and reads by declaration merging:
 *
 * @example
 * declare module '@prisma-brisk/core' { interface CallNotes { audit?: { readonly user: string } } }
 */
export interface CallNotes {
  /**
   * The bound a middleware puts on the rows of a list read that has no `take` of its own. It becomes
   * `take: limit` in SQL when the call is dispatched, unless a middleware has answered the call in another
   * way that keeps the bound (batching: per caller).
   */
  bound?: number
  /**
   * Has the driver put the bound into the call's own statements, in place of a `take`, which would bring an order with it;
   * false where it cannot. Asked when the call is dispatched.
   */
  boundAtDriver?: () => boolean
  /**
   * Whether Prisma computes fields, and hides the columns that they need, by the caller's own selection: set by a middleware that
   * sends another one, and hands out rows that have those columns ({@link Call.neededColumns}).
   */
  keepsSelection?: boolean
  /**
   * Whether a member of an array transaction still waits for the others. It does so for ever where Prisma refuses the array, and
   * nobody holds its promise then.
   */
  waitsForMembers?: () => boolean
  /** Wraps the fetch by which the call reaches Prisma Accelerate; without effect on other clients. */
  decorateFetch?: FetchDecorator
  /**
   * Whether the answer is stored for calls to come, and so must be read after this call was made: what was read a moment before
   * would be believed for long.
   */
  isStored?: boolean
  /** How the cache answered; absent where it was not asked. */
  cache?: 'hit' | 'stale' | 'miss' | 'bypass'
  /** The batch that answered the call, or tried to. */
  batch?: { readonly id: number; readonly calls: number }
  /**
   * Its part in a loop of reads: `'seen'` where it is one, `'ahead'` where it asked for those to come too, `'kept'` where it was
   * answered by what such a call had read.
   */
  loop?: 'seen' | 'ahead' | 'kept'
}

/** A field that an extension computes, and the columns that it needs, those of the fields it is made of included. */
export interface ComputedField {
  readonly name: string
  readonly needs: readonly string[]
}

/** Sends an operation on the model of a call. */
export type Send = (operation: string, args: Args) => Promise<unknown>

/** How a call reaches Prisma. @internal Made by `prisma7/`. */
export interface Dispatcher {
  /** Sends the caller's own operation with these arguments. */
  dispatch(call: Call, args: Args): Promise<unknown>
  /** Sends another operation of the same client in the caller's transaction; no outer extension runs again. */
  send(call: Call, operation: string, args: Args, model: string | null): Promise<unknown>
  /** Runs `run` in a transaction of its own, which is rolled back if it fails. */
  transact<T>(call: Call, run: (send: Send) => Promise<T>): Promise<T>
  /** Where in the user's code the call was made, as a V8 stack, or null where Prisma recorded none. */
  callSiteStack(): string | null
  /** Whether Prisma's errors name the place where the call was made. */
  readonly isShownByErrors: boolean
  /** Whether {@link Dispatcher.send} works with the installed Prisma. */
  readonly canRedirect: boolean
  /** The query hooks the call runs through, one list for each client and operation; null where Prisma hides it. */
  readonly hooks: readonly unknown[] | null
  /** Whether no other extension's hook stands between the pipeline and the database. */
  readonly isLastExtension: boolean
  /** Whether the hook of an extension that is not this suite's stands there. */
  readonly hasForeignBehind: boolean
  /** Fields of a model that extensions of the calling client compute; none where Prisma hides them. */
  computedFields(model: string): readonly ComputedField[]
}

/**
 * One operation on its way to the database. Immutable but for its notes: a middleware that wants other
 * arguments passes `call.withArgs(…)` on.
 *
 * | to                                                      | use                                      |
 * | ------------------------------------------------------- | ---------------------------------------- |
 * | let the next middleware answer                          | `next(call)`                             |
 * | send the caller's own operation, at the pipeline's end  | `call.dispatch()`                        |
 * | send another operation, where the caller's would run    | `call.send(…)`, if `call.canRedirect`    |
 * | send several as one unit, in a transaction of their own | `call.transact(…)`                       |
 * | run SQL where the caller's operation would run          | `call.queryRaw(…)`, if `call.canRedirect` |
 * | know whether another extension's hook comes behind      | `call.isLastExtension`, `call.hooks`     |
 */
export class Call {
  constructor(
    readonly host: Host,
    /** Model name as in the schema; null for raw operations. */
    readonly model: string | null,
    /** Prisma's operation name: `findMany`, `$queryRaw`, … */
    readonly operation: string,
    /** A deep copy that belongs to the pipeline; never mutate it, others may have read it. */
    readonly args: Args,
    /** `['select', 'posts', …]` for fluent calls (`user.findUnique(…).posts()`), else empty. */
    readonly dataPath: readonly string[],
    readonly transaction: CallTransaction,
    /** Shared by all copies of a call that `withArgs` makes. */
    readonly notes: CallNotes,
    private readonly dispatcher: Dispatcher,
  ) {}

  /** The same call with other arguments. */
  withArgs(args: Args): Call {
    return new Call(
      this.host,
      this.model,
      this.operation,
      args,
      this.dataPath,
      this.transaction,
      this.notes,
      this.dispatcher,
    )
  }

  /** The end of the pipeline: applies the noted bound and sends the call to Prisma. */
  dispatch(): Promise<unknown> {
    const { bound } = this.notes
    const isBounded = bound !== undefined && this.args['take'] === undefined && this.dataPath.length === 0
    const needsTake = isBounded && this.notes.boundAtDriver?.() !== true
    return this.dispatcher.dispatch(this, needsTake ? { ...this.args, take: bound } : this.args)
  }

  /**
   * Sends another operation in place of, or beside, the caller's: on the same model unless another is given, in
   * the caller's transaction, past all outer extensions. Never call it in an array transaction, where each
   * member must be sent exactly once.
   */
  send(operation: string, args: Args, model: string | null = this.model): Promise<unknown> {
    return this.dispatcher.send(this, operation, args, model)
  }

  /**
   * Runs several operations in place of the caller's, in a transaction that is made for them and rolled back if `run`
   * fails. Only for calls that stand alone: the caller's transaction is another one.
   */
  transact<T>(run: (send: Send) => Promise<T>): Promise<T> {
    return this.dispatcher.transact(this, run)
  }

  /**
   * Runs parametrised SQL in the caller's transaction and gives the rows as `$queryRaw` would. Placeholders
   * are the database's own (`$1` or `?`).
   */
  queryRaw(sql: string, values: readonly unknown[] = []): Promise<unknown> {
    return this.send('$queryRawUnsafe', [sql, ...values] as unknown as Args, null)
  }

  /** Whether {@link Call.send} can be used: it needs a Prisma that passes its internals to hooks. */
  get canRedirect(): boolean {
    return this.dispatcher.canRedirect
  }

  /** Whether Prisma's errors name the place where the call was made, and so differ for calls of different places. */
  get isShownByErrors(): boolean {
    return this.dispatcher.isShownByErrors
  }

  /**
   * What tells apart the clients that were extended further after this pipeline was mounted: calls may share a
   * statement only where it is the same. Null where Prisma hides it.
   */
  get hooks(): readonly unknown[] | null {
    return this.dispatcher.hooks
  }

  /** Whether no other extension's query hook stands behind the pipeline. */
  get isLastExtension(): boolean {
    return this.dispatcher.isLastExtension
  }

  /**
   * Whether another author's query hook stands behind the pipeline: it may make another operation of this one, by
   * whatever it likes. Those of the suite, mounted apart, do not.
   */
  get hasForeignBehind(): boolean {
    return this.dispatcher.hasForeignBehind
  }

  /**
   * Columns that Prisma reads for fields that the caller gets and extensions compute. A row of the answer has them even where
   * the call selects or omits others: Prisma takes them off once it has computed.
   */
  get neededColumns(): ReadonlySet<string> {
    const { args, model, host } = this
    if (model === null) return new Set()
    const select = args['select'] as Args | null | undefined
    const omit = args['omit'] as Args | null | undefined
    const isGot = ({ name }: ComputedField) =>
      select ? Boolean(select[name]) : !(omit?.[name] ?? host.omittedFields(model).includes(name))
    return new Set(
      this.dispatcher
        .computedFields(model)
        .filter(isGot)
        .flatMap(({ needs }) => needs),
    )
  }

  /**
   * Where in the application the call was made, `file:line:column`; null where that is not known. Found on demand, in
   * 15–25 µs.
   *
   * @param here `stackHere()`, made while the call runs or as it settles. Where Prisma records no call sites, as with
   * `NODE_ENV=production`, its stack leads to the line that awaits the call.
   * @example
   * call.callSite(stackHere())
   */
  callSite(here?: Error): string | null {
    return callSiteOf(this.dispatcher.callSiteStack()) ?? awaitingSiteOf(here?.stack)
  }

  /**
   * Which members of `Promise.all` the call was made in, innermost first: `2/0`. Calls of different branches run beside each other,
   * whatever the moment has it. '' where it was made in none, or that is not known.
   */
  branch(): string {
    return branchOf(this.dispatcher.callSiteStack())
  }
}
