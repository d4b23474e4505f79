import type { Args } from './call.ts'
import { copyArguments, UncommonArgument } from './prisma7-argument-copy.ts'
import type { HookInput } from './prisma7-dispatcher.ts'
import { aggregateMapping, delegateOf, notesKey, type InternalParams } from './prisma7-redirect.ts'

/** A query hook, and how Prisma calls it: as a member of the list of hooks. */
export type Hook = (this: unknown, input: HookInput) => Promise<unknown>

/** What is used of a client; private to Prisma, so every member is optional. */
export interface DirectClient {
  _request?(params: InternalParams): Promise<unknown>
  _runtimeDataModel?: { models: Record<string, RuntimeModel> }
  _extensions?: {
    isEmpty?(): boolean
    getAllQueryCallbacks?(delegate: string, operation: string): readonly unknown[]
    getAllModelExtensions?(model: string): object | undefined
    getAllComputedFields?(delegate: string): object | undefined
  }
  _tracingHelper?: { isEnabled?(): boolean }
  _errorFormat?: string
}

export interface RuntimeModel {
  readonly fields: readonly { readonly name: string; readonly kind: string }[]
}

/** A method of a model. */
export type Method = (args?: Args) => PromiseLike<unknown>
type Site = NonNullable<InternalParams['callsite']>

/** A method of a model, as Prisma's own call themselves. */
export class DirectMethod {
  readonly delegate: string
  readonly clientMethod: string
  private hooks: readonly unknown[] | null = null

  constructor(
    readonly own: DirectClient,
    readonly base: DirectClient,
    private readonly hook: Hook,
    readonly model: string,
    readonly operation: string,
    readonly original: Method,
  ) {
    this.delegate = delegateOf(model)
    this.clientMethod = `${this.delegate}.${operation}`
  }

  call(args: Args | undefined, site: Site): Promise<unknown> {
    if (this.own._tracingHelper?.isEnabled?.() !== false) return this.request(args, site)
    let copy: Args
    try {
      copy = copyArguments(args ?? {})
    } catch (error) {
      if (error instanceof UncommonArgument) return this.request(args, site)
      return Promise.reject(error)
    }
    // Calls of this client share statements however they came: the list of hooks tells clients apart.
    this.hooks ??= this.own._extensions?.getAllQueryCallbacks?.(this.delegate, this.operation) ?? []
    return this.hook.call(this.hooks, new DirectInput(this, copy, site))
  }

  /** Through Prisma. */
  request(
    args: Args | undefined,
    callsite: Site,
    transaction?: InternalParams['transaction'],
  ): Promise<unknown> {
    const mapping = aggregateMapping(this.operation, args ?? {})
    return this.own._request!({ ...this.params(args, callsite, transaction), ...mapping })
  }

  params(args: Args | undefined, callsite: Site, transaction: InternalParams['transaction']): InternalParams {
    const { model, operation: action, delegate: jsModelName, clientMethod } = this
    return {
      args,
      dataPath: [],
      action,
      model,
      clientMethod,
      jsModelName,
      transaction,
      callsite,
      customDataProxyFetch: undefined,
      [notesKey]: undefined,
    }
  }
}

/** What Prisma hands a hook. */
class DirectInput implements HookInput {
  readonly model: string
  readonly operation: string
  readonly __internalParams: InternalParams

  constructor(
    private readonly method: DirectMethod,
    readonly args: Args,
    site: Site,
  ) {
    this.model = method.model
    this.operation = method.operation
    this.__internalParams = method.params(undefined, site, undefined)
  }

  query(args: unknown, params?: InternalParams): PromiseLike<unknown> {
    const { method, __internalParams: own } = this
    return new Request(
      method.base,
      params === undefined
        ? { ...own, ...aggregateMapping(method.operation, this.args), args }
        : { ...params, args },
    )
  }
}

/** Sent when it is awaited, as Prisma's are. */
class Request implements PromiseLike<unknown> {
  constructor(
    private readonly base: DirectClient,
    private readonly params: InternalParams,
  ) {}

  // eslint-disable-next-line unicorn/no-thenable
  then<A, B>(
    onFulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.base._request!(this.params).then(onFulfilled, onRejected)
  }
}

/** What a method answers: Prisma's lazy promise, which begins when it is awaited, and but once. */
export class DirectCall implements Promise<unknown> {
  private answer: Promise<unknown> | null = null

  constructor(
    private readonly method: DirectMethod,
    private readonly args: Args | undefined,
    private readonly site: Site,
  ) {}

  get [Symbol.toStringTag](): string {
    return 'PrismaPromise'
  }

  get spec(): object {
    const { model, operation: action } = this.method
    return { action, args: this.args, model }
  }

  // eslint-disable-next-line unicorn/no-thenable
  then<A = unknown, B = never>(
    onFulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.begun.then(onFulfilled, onRejected)
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<unknown> {
    return this.begun.catch(onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<unknown> {
    return this.begun.finally(onFinally)
  }

  /** A member of an array transaction. */
  requestTransaction(transaction: InternalParams['transaction']): Promise<unknown> {
    return this.method.request(this.args, this.site, transaction)
  }

  private get begun(): Promise<unknown> {
    return (this.answer ??= this.method.call(this.args, this.site))
  }

  /** Prisma's own promise of the same call, for what hangs on it. */
  protected get prismas(): Record<string, unknown> {
    return this.method.original(this.args) as unknown as Record<string, unknown>
  }
}

/** Promises with the relations of a model on them. */
export function fluent(relations: readonly string[]): typeof DirectCall {
  class FluentCall extends DirectCall {
    static {
      for (const relation of relations) {
        Object.defineProperty(this.prototype, relation, {
          get(this: FluentCall) {
            return this.prismas[relation]
          },
        })
      }
    }
  }
  return FluentCall
}
