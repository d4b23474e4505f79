import { Call, type Args, type ComputedField, type Dispatcher, type Send } from '../../pipeline/call.ts'
import { noTransaction } from '../../pipeline/call-transaction.ts'
import { operationTraits } from '../../operation/operation.ts'
import { currentCall } from '../../driver/current-call.ts'
import { UnsupportedClientError } from '../../errors.ts'
import { copyArguments, UncommonArgument } from './argument-copy.ts'
import { inContextOf, isShown } from '../dispatcher.ts'
import { withoutOwnArguments } from '../own-arguments.ts'
import { SentCall } from '../sent-call.ts'
import { WaitingCall } from '../waiting-call.ts'
import type { PipelineEntry } from '../pipeline-entry.ts'
import { aggregateMapping, delegateOf, redirected, type CallSite, type InternalParams } from '../redirect.ts'

/** What is used of a client; private to Prisma, so every member is optional. */
export interface DirectClient {
  _originalClient?: DirectClient
  _request?(params: InternalParams): Promise<unknown>
  _runtimeDataModel?: { models: Record<string, RuntimeModel> }
  _extensions?: {
    isEmpty?(): boolean
    getAllQueryCallbacks?(delegate: string, operation: string): readonly unknown[]
    getAllModelExtensions?(model: string): object | undefined
    getAllComputedFields?(delegate: string): object | undefined
    getAllClientExtensions?(): object | undefined
  }
  _tracingHelper?: { isEnabled?(): boolean }
  _errorFormat?: string
}

interface RuntimeModel {
  readonly fields: readonly { readonly name: string; readonly kind: string }[]
}

/** A method of a model. */
export type Method = (args?: Args) => PromiseLike<unknown>

/** A method of a model whose calls enter the pipeline themselves. */
export class DirectMethod {
  private readonly delegate: string
  private known: readonly unknown[] | null = null
  /** The client without any extension, whose hooks would otherwise see what they were not asked to: statements of ours. */
  private readonly root: DirectClient
  private readonly isWrite: boolean

  constructor(
    /** The client whose method it is, and the one that it extends. */
    readonly own: DirectClient,
    base: DirectClient,
    readonly entry: PipelineEntry,
    readonly model: string,
    readonly operation: string,
    readonly original: Method,
  ) {
    this.delegate = delegateOf(model)
    this.isWrite = operationTraits(operation).isWrite
    this.root = base._originalClient ?? base
  }

  call(args: Args | undefined, site: CallSite): Promise<unknown> {
    if (this.own._tracingHelper?.isEnabled?.() !== false) return this.request(args, site)
    // Perhaps another client's call, or one that the suite has sent on, which an extension sends here.
    if (WaitingCall.current !== undefined || SentCall.current !== undefined) return this.request(args, site)
    if (this.isWrite && this.entry.requests.isFollowedBeside(this.own)) return this.request(args, site)
    let copy: Args
    try {
      copy = copyArguments(args ?? {})
    } catch (error) {
      if (error instanceof UncommonArgument) return this.request(args, site)
      return Promise.reject(error)
    }
    const { entry, model, operation } = this
    const dispatcher = new DirectDispatcher(this, copy, site)
    try {
      return entry.enter(new Call(entry.host, model, operation, copy, noPath, noTransaction, {}, dispatcher))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Through Prisma and its hook. */
  request(
    args: Args | undefined,
    site: CallSite,
    transaction?: InternalParams['transaction'],
  ): Promise<unknown> {
    return this.own._request!(this.params(args ?? {}, args, site, transaction))
  }

  /**
   * To the base client, past all hooks: none stands before ours for this operation, and those for the operation that may be
   * sent in its place are not this call's. But no sooner than a hook would: what went through one before, such as `$executeRaw`,
   * is sent before.
   */
  readonly send = (params: InternalParams): Promise<unknown> =>
    settled.then(() => this.entry.requests.send(this.root, params))

  /** The list of hooks, by which Prisma's own calls of the method are known: they may share a statement with these. */
  get hooks(): readonly unknown[] {
    return (this.known ??= this.own._extensions?.getAllQueryCallbacks?.(this.delegate, this.operation) ?? [])
  }

  /** What Prisma's own method says of a call with the arguments `called`, of which `args` are sent. */
  params(
    called: Args,
    args: Args | undefined,
    callsite: CallSite,
    transaction?: InternalParams['transaction'],
  ): InternalParams {
    const { model, operation: action, delegate: jsModelName } = this
    const { argsMapper, unpacker } = aggregateMapping(action, called)
    const clientMethod = `${jsModelName}.${action}`
    return {
      args,
      dataPath: [],
      action,
      model,
      clientMethod,
      jsModelName,
      transaction,
      callsite,
      argsMapper,
      unpacker,
    }
  }
}

class DirectDispatcher implements Dispatcher {
  constructor(
    private readonly method: DirectMethod,
    private readonly args: Args,
    private readonly site: CallSite,
  ) {}

  get hooks(): readonly unknown[] {
    return this.method.hooks
  }

  get isLastExtension(): boolean {
    return true
  }

  get hasForeignBehind(): boolean {
    return false
  }

  get canRedirect(): boolean {
    return true
  }

  /** Calls of a client that has such fields are not direct. */
  computedFields(): readonly ComputedField[] {
    return []
  }

  dispatch(call: Call, args: Args): Promise<unknown> {
    const { method } = this
    const params = method.params(this.args, this.strip(args), this.site)
    const { decorateFetch } = call.notes
    if (decorateFetch !== undefined) params.customDataProxyFetch = decorateFetch
    return inContextOf(call, method.entry.tap, method.send, params)
  }

  send(call: Call, operation: string, args: Args, model: string | null): Promise<unknown> {
    return inContextOf(call, this.method.entry.tap, this.method.send, this.redirected(operation, args, model))
  }

  transact<T>(call: Call, run: (send: Send) => Promise<T>): Promise<T> {
    const { method } = this
    return currentCall.run(call, () =>
      method.entry.open((transaction) => {
        if (transaction?.kind !== 'itx')
          throw new UnsupportedClientError('Prisma hides its transactions.', '')
        return run((operation, args) =>
          method.send({ ...this.redirected(operation, args, call.model), transaction }),
        )
      }),
    )
  }

  get isShownByErrors(): boolean {
    return isShown(this.site)
  }

  callSiteStack(): string | null {
    return this.site._error?.stack ?? null
  }

  private redirected(operation: string, args: Args, model: string | null): InternalParams {
    const params = this.method.params(this.args, undefined, this.site)
    return { ...redirected(params, operation, args, model), args: this.strip(args) }
  }

  private strip(args: Args): Args {
    return withoutOwnArguments(args, this.method.entry.own, noPath)
  }
}

const settled = Promise.resolve()
const noPath: readonly string[] = Object.freeze([])
