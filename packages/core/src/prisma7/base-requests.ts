import { operationTraits } from '../operation/operation.ts'
import type { Args } from '../pipeline/call.ts'
import type { Host } from '../pipeline/host.ts'
import type { ExtensionList } from './client-extensions.ts'
import type { ReadRequest, Replay, RequestFacts } from '../replay/replay.ts'
import { ownArgumentsOf, withoutOwnArguments } from './own-arguments.ts'
import type { OpenTransaction, Requests } from './pipeline-entry.ts'
import { enterPipeline } from './query-hook.ts'
import { seenKey, waitingKey, type HookInput, type InternalParams } from './redirect.ts'
import { SentCall } from './sent-call.ts'
import { WaitingCall, type Mounted } from './waiting-call.ts'
import { NONE, WriteFollowers, type ForeignWrites } from './write-followers.ts'

/** What is used of a client; private to Prisma. */
interface RequestingClient {
  _request?: Request
  _extensions?: ExtensionList
}

/** Lists of hooks, by what they are for. */
interface Doors {
  readonly bare: Map<string, readonly unknown[]>
  readonly extended: WeakMap<readonly unknown[], readonly unknown[]>
}

/** The way of a request. */
interface Route {
  readonly params: InternalParams
  /** The pipelines on it. */
  readonly passed: readonly Mounted[]
  send(params: InternalParams): Promise<unknown>
}

type Request = (this: object, params: InternalParams) => Promise<unknown>

/**
 * All requests of a base client and of the clients made from it, seen by replacing the one private method that each of them
 * passes. A hook sees less:
 *
 * - A call of an extended client that other extensions see first leaves the suite's own arguments here, and waits.
 * - A request of a client without the suite, in the async context of a call that waits, is that call by another door. One
 *   of a client with it, such as a read replica, takes the suite's own arguments over.
 * - Any other passes by, and a write is followed all the same, by whoever asked for it.
 */
export class BaseRequests implements Requests {
  private readonly mounted = new WeakMap<ExtensionList, readonly Mounted[]>()
  /** Whether other extensions see a call before the suite does, by the hooks it runs through. */
  private readonly seen = new WeakMap<readonly unknown[], boolean>()
  private readonly doors = new WeakMap<readonly Mounted[], Doors>()
  private readonly followers: WriteFollowers

  private constructor(
    private readonly base: ReplayableClient,
    private readonly host: Host,
    private readonly original: Request,
    open: OpenTransaction,
    private readonly replay: Replay | null,
  ) {
    this.followers = new WriteFollowers(host, open, this)
  }

  /** Those of a base client; null where Prisma has no such method. */
  static on(base: object, host: Host, open: OpenTransaction, replay: Replay | null): BaseRequests | null {
    return host.state(REQUESTS, () => {
      const client = base as RequestingClient
      const original = client._request
      if (typeof original !== 'function' || client._extensions === undefined) return null
      const requests = new BaseRequests(base, host, original, open, replay)
      client._request = function (this: object, params) {
        return requests.receive(this, params)
      }
      return requests
    })
  }

  /** A client, known by its list of extensions, carries what its parent does, and perhaps one pipeline more. */
  carries(list: ExtensionList, parent: ExtensionList | undefined, mounted?: Mounted): void {
    const inherited = (parent === undefined ? undefined : this.mounted.get(parent)) ?? []
    const all = mounted === undefined ? inherited : [...inherited, mounted]
    if (all.length > 0) this.mounted.set(list, all)
  }

  /** Has every write that no pipeline of theirs sees run through their middleware. */
  follow(writes: ForeignWrites): void {
    this.followers.add(writes)
  }

  isFollowedBeside({ _extensions: list }: RequestingClient): boolean {
    return this.followers.beside(this.mounted.get(list as ExtensionList) ?? NONE).length > 0
  }

  readonly send = (client: object, params: InternalParams): Promise<unknown> => {
    return this.pass(params, () => this.original.call(client, params))
  }

  pass(params: InternalParams, byPrisma: () => Promise<unknown>, isPlain = true): Promise<unknown> {
    const { replay } = this
    if (replay === null || params.transaction?.kind === 'batch') return byPrisma()
    return replay.send(isPlain ? readOf(this.base, params) : null, factsOf(params), byPrisma)
  }

  private receive(client: RequestingClient, params: InternalParams): Promise<unknown> {
    const route = this.routeOf(client, params)
    this.tell(params)
    const followers =
      operationTraits(operationOf(params)).kind === 'read' ? NONE : this.followers.beside(route.passed)
    return followers.length === 0
      ? route.send(route.params)
      : this.enter(client, route.params, followers, undefined, route.send)
  }

  /** A write of any client of the base may share a connection with reads that wait. */
  private tell(params: InternalParams): void {
    if (this.replay === null || params.transaction?.kind === 'batch') return
    const facts = factsOf(params)
    if (facts.mayWrite) this.replay.passes(facts)
  }

  private routeOf(client: RequestingClient, params: InternalParams): Route {
    const mounted = this.mounted.get(client._extensions as ExtensionList)
    const waiting = WaitingCall.current
    const isMet = waiting?.isMetBy(params) === true
    const send = (sent: InternalParams): Promise<unknown> => this.original.call(client, sent)
    if (mounted !== undefined) {
      if (SentCall.current?.isMetBy(params, this.host) === true)
        return { params, passed: NONE, send: (sent) => send({ ...sent, [seenKey]: true }) }
      const own = isMet ? waiting.taken(params) : params
      return own.model !== undefined && this.isSeenBefore(mounted, hooksOf(client, own))
        ? { params: own, passed: mounted, send: (sent) => this.wait(client, sent, mounted) }
        : { params: own, passed: mounted, send }
    }
    if (!isMet) return { params, passed: NONE, send }
    const { mounted: passed } = waiting
    return { params, passed, send: (sent) => this.enter(client, sent, passed, waiting, send) }
  }

  private isSeenBefore(mounted: readonly Mounted[], hooks: readonly unknown[]): boolean {
    const known = this.seen.get(hooks)
    if (known !== undefined) return known
    const ours = new Set<unknown>(mounted.map(({ hook }) => hook))
    const last = hooks.findLastIndex((hook) => ours.has(hook))
    const isSeen = hooks.slice(0, last).some((hook) => !ours.has(hook))
    this.seen.set(hooks, isSeen)
    return isSeen
  }

  /** Sends a call through the extensions that see it first; none of them sees the suite's own arguments. */
  private async wait(
    client: RequestingClient,
    params: InternalParams,
    mounted: readonly Mounted[],
  ): Promise<unknown> {
    const args = (params.args ?? {}) as Args
    const names = mounted.flatMap(({ entry }) => entry.own)
    const path = params.dataPath ?? []
    const own = ownArgumentsOf(args, names, path)
    const stripped = own.length === 0 ? params.args : withoutOwnArguments(args, names, path)
    const waiting = new WaitingCall(params, (stripped ?? {}) as Args, mounted, own)
    const sent = { ...params, args: stripped, [waitingKey]: waiting }
    try {
      return await waiting.run(() => this.original.call(client, sent))
    } finally {
      if (!waiting.hasArrived && waiting.own.length > 0) this.warnLost(params, waiting)
    }
  }

  /** Runs a request through pipelines that its client does not carry, one in the other, and sends it on. */
  private enter(
    client: RequestingClient,
    params: InternalParams,
    mounted: readonly Mounted[],
    waiting: WaitingCall | undefined,
    send: Route['send'],
  ): Promise<unknown> {
    const hooks = this.doorOf(client, params, mounted)
    const { middlewareArgsMapper: mapper } = params
    const through = (index: number, args: Args, given: InternalParams): Promise<unknown> => {
      const next = mounted[index]
      if (next === undefined) {
        const isOwn = given === params && mapper !== undefined
        return send({ ...given, args: isOwn ? mapper.middlewareArgsToRequestArgs(args) : args })
      }
      const input: HookInput = {
        ...(given.model === undefined ? {} : { model: given.model }),
        operation: operationOf(given),
        args,
        query: (sent, other = given) => lazily(() => through(index + 1, sent as Args, other)),
        __internalParams: given,
      }
      return enterPipeline(next, input, hooks, waiting)
    }
    return through(
      0,
      mapper?.requestArgsToMiddlewareArgs(params.args) ?? ((params.args ?? {}) as Args),
      params,
    )
  }

  /** The hooks that a request passes that came by another door: one list for each client, model and operation. */
  private doorOf(
    client: RequestingClient,
    params: InternalParams,
    mounted: readonly Mounted[],
  ): readonly unknown[] {
    const behind = hooksOf(client, params)
    const doors = this.doors.get(mounted) ?? { bare: new Map(), extended: new WeakMap() }
    this.doors.set(mounted, doors)
    // A client without extensions has no list of its own to know it by.
    const name = `${params.model ?? ''}:${operationOf(params)}`
    const known = behind.length === 0 ? doors.bare.get(name) : doors.extended.get(behind)
    if (known !== undefined) return known
    const door = [...mounted.map(({ hook }) => hook), ...behind]
    if (behind.length === 0) doors.bare.set(name, door)
    else doors.extended.set(behind, door)
    return door
  }

  private warnLost({ model, action }: InternalParams, { own }: WaitingCall): void {
    const names = [...new Set(own.map(({ name }) => name))].join(', ')
    this.host.warnOnce(
      'W_ARGUMENTS_LOST',
      `prisma-brisk: an extension that is mounted before the suite answered ${model}.${action} without passing the call on, so ${names} had no effect. Let it call query(args), or send the same operation through the client it extends.`,
    )
  }
}

const REQUESTS = Symbol('requests of the base client')

function factsOf(params: InternalParams): RequestFacts {
  const { isRead, isRaw } = operationTraits(operationOf(params))
  const { transaction } = params
  return { transactionId: transaction?.kind === 'itx' ? transaction.id : null, mayWrite: !isRead || isRaw }
}

const operationOf = ({ model, action, clientMethod }: InternalParams): string =>
  (model === undefined ? clientMethod : action) ?? ''

function hooksOf({ _extensions: list }: RequestingClient, params: InternalParams): readonly unknown[] {
  return list?.getAllQueryCallbacks?.(params.jsModelName ?? '$none', operationOf(params)) ?? []
}

/** What is begun once it is awaited, as Prisma's own calls are. */
function lazily(run: () => Promise<unknown>): PromiseLike<unknown> {
  return { then: (fulfilled, rejected) => run().then(fulfilled, rejected) }
}

/** What is used of the base client; private to Prisma. */
interface ReplayableClient {
  readonly _engineConfig?: { readonly logQueries?: boolean; readonly sqlCommenters?: readonly unknown[] }
  readonly _tracingHelper?: { isEnabled?(): boolean }
}

/**
 * The read that a request is, where nobody would see that Prisma did not send it: no listener for queries, no comments, no
 * spans, no array transaction; null for any other request. No extension may have a part in it any more.
 */
function readOf(
  { _engineConfig: config, _tracingHelper: tracing }: ReplayableClient,
  params: InternalParams,
): ReadRequest | null {
  const { model, action, args, dataPath, unpacker, argsMapper } = params
  if (model === undefined || action === undefined) return null
  if (unpacker !== undefined || argsMapper !== undefined) return null
  if (dataPath !== undefined && dataPath.length > 0) return null
  if (config === undefined || config.logQueries === true || (config.sqlCommenters ?? []).length > 0)
    return null
  if (tracing?.isEnabled?.() !== false) return null
  return {
    model,
    operation: action,
    args: args as ReadRequest['args'],
  }
}
