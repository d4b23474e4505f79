import type { Args } from '../../pipeline/call.ts'
import type { DirectMethod } from './direct-method.ts'
import type { CallSite, InternalParams } from '../redirect.ts'

/** Makes what a method answers. */
export type MakeCall = (method: DirectMethod, args: Args | undefined, site: CallSite) => PromiseLike<unknown>

/** The members of Prisma's lazy promise. */
interface PrismaPromise extends Promise<unknown> {
  readonly spec: { readonly action: string; readonly args: Args | undefined; readonly model: string }
  requestTransaction(transaction: InternalParams['transaction']): Promise<unknown>
}

/** Maps the returned promise to its call. */
const behindProxy = Symbol('prisma-brisk.call')

/** A lazy call: it starts on its first await, at most once. */
class DirectCall {
  private answer: Promise<unknown> | null = null
  private lazyPromise: PrismaPromise | null = null

  constructor(
    readonly method: DirectMethod,
    readonly args: Args | undefined,
    private readonly site: CallSite,
  ) {}

  begun(): Promise<unknown> {
    return (this.answer ??= this.method.call(this.args, this.site))
  }

  get isLookedAt(): boolean {
    return this.lazyPromise !== null
  }

  /** What the application sees of it, once it looks: its members work alone, and in a copy. */
  get promise(): PrismaPromise {
    const { method, args } = this
    return (this.lazyPromise ??= {
      get spec() {
        return { action: method.operation, args, model: method.model }
      },
      // eslint-disable-next-line unicorn/no-thenable
      then: (onFulfilled, onRejected) => this.begun().then(onFulfilled, onRejected),
      catch: (onRejected) => this.begun().catch(onRejected),
      finally: (onFinally) => this.begun().finally(onFinally),
      requestTransaction: (transaction) => this.within(transaction),
      [Symbol.toStringTag]: 'PrismaPromise',
    })
  }

  /** Members of an array transaction are sent anew. */
  private within(transaction: InternalParams['transaction']): Promise<unknown> {
    const { method, args, site } = this
    if (transaction === undefined) return this.begun()
    if (transaction.kind === 'batch') return method.request(args, site, transaction)
    return (this.answer ??= method.request(args, site, transaction))
  }

  get [behindProxy](): DirectCall {
    return this
  }

  /** What Node prints: it finds this behind a proxy, but calls it on the proxy. */
  [Symbol.for('nodejs.util.inspect.custom')](this: { readonly [behindProxy]: DirectCall }): PrismaPromise {
    return this[behindProxy].promise
  }
}

/**
 * What a method answers: Prisma's lazy promise. It has the members of Prisma's and shows no others: where an `await` was
 * forgotten, it is printed, sent as JSON, or passed as an argument. Most calls are awaited at once and nobody looks at them:
 * of twenty thousand at a time each is a few words, not an object full of functions.
 */
class LazyPromise implements ProxyHandler<DirectCall> {
  get(call: DirectCall, name: string | symbol): unknown {
    if (name === behindProxy) return call
    if (name !== 'then' || call.isLookedAt) return Reflect.get(call.promise, name)
    const then: PromiseLike<unknown>['then'] = (onFulfilled, onRejected) =>
      call.begun().then(onFulfilled, onRejected)
    return then
  }

  set(call: DirectCall, name: string | symbol, value: unknown): boolean {
    return Reflect.set(call.promise, name, value)
  }

  has(call: DirectCall, name: string | symbol): boolean {
    return Reflect.has(call.promise, name)
  }

  ownKeys(call: DirectCall): (string | symbol)[] {
    return Reflect.ownKeys(call.promise)
  }

  getOwnPropertyDescriptor(call: DirectCall, name: string | symbol): PropertyDescriptor | undefined {
    return Reflect.getOwnPropertyDescriptor(call.promise, name)
  }

  defineProperty(call: DirectCall, name: string | symbol, descriptor: PropertyDescriptor): boolean {
    return Reflect.defineProperty(call.promise, name, { ...descriptor, configurable: true })
  }

  deleteProperty(call: DirectCall, name: string | symbol): boolean {
    return Reflect.deleteProperty(call.promise, name)
  }

  getPrototypeOf(): object {
    return Object.prototype
  }

  /** Those of rows cannot be frozen in Prisma either. */
  preventExtensions(): boolean {
    return false
  }
}

const lazyPromise = new LazyPromise()

export const directCall: MakeCall = (method, args, site) =>
  new Proxy(new DirectCall(method, args, site), lazyPromise) as unknown as PrismaPromise

/** `count` looks into its arguments at once, and fails there where they are null. */
export const countCall: MakeCall = (method, args, site) => {
  if (args !== undefined) void args['select']
  return directCall(method, args, site)
}

/** Promises with the relations of the row on them: `prisma.user.findUnique(…).posts()`, which is Prisma's. */
export function fluentCall(relations: ReadonlySet<string | symbol>): MakeCall {
  const fluent = new FluentPromise(relations)
  return (method, args, site) =>
    new Proxy(new DirectCall(method, args ?? {}, site), fluent) as unknown as PrismaPromise
}

class FluentPromise extends LazyPromise {
  constructor(private readonly relations: ReadonlySet<string | symbol>) {
    super()
  }

  override get(call: DirectCall, name: string | symbol): unknown {
    if (!this.relations.has(name)) return super.get(call, name)
    return Reflect.get(call.method.original(call.args), name)
  }

  override has({ promise }: DirectCall, name: string | symbol): boolean {
    return this.relations.has(name) || (typeof name === 'string' && Object.hasOwn(promise, name))
  }

  override ownKeys({ promise }: DirectCall): (string | symbol)[] {
    return [...new Set([...this.relations, ...Object.keys(promise)])]
  }

  override getOwnPropertyDescriptor(): PropertyDescriptor {
    return { enumerable: true, configurable: true, writable: true }
  }
}
