import type { Args } from './call.ts'
import type { DirectMethod, Method } from './prisma7-direct-method.ts'
import type { CallSite, InternalParams } from './prisma7-redirect.ts'

/** Makes what a method answers. */
export type MakeCall = (method: DirectMethod, args: Args | undefined, site: CallSite) => DirectCall

/** Prisma's lazy promise. */
interface DirectCall extends Promise<unknown> {
  readonly spec: { readonly action: string; readonly args: Args | undefined; readonly model: string }
  requestTransaction(transaction: InternalParams['transaction']): Promise<unknown>
}

/**
 * What a method answers: Prisma's lazy promise, which begins when it is awaited, and but once. It has the members of
 * Prisma's and shows no others: where an `await` was forgotten, it is printed, sent as JSON, or passed as an argument.
 */
export function directCall(method: DirectMethod, args: Args | undefined, site: CallSite): DirectCall {
  let answer: Promise<unknown> | null = null
  const begun = () => (answer ??= method.call(args, site))
  return {
    spec: { action: method.operation, args, model: method.model },
    // eslint-disable-next-line unicorn/no-thenable
    then: (onFulfilled, onRejected) => begun().then(onFulfilled, onRejected),
    catch: (onRejected) => begun().catch(onRejected),
    finally: (onFinally) => begun().finally(onFinally),
    // Members of an array transaction are sent anew.
    requestTransaction(transaction) {
      if (transaction === undefined) return begun()
      if (transaction.kind === 'batch') return method.request(args, site, transaction)
      return (answer ??= method.request(args, site, transaction))
    },
    [Symbol.toStringTag]: 'PrismaPromise',
  }
}

/** `count` looks into its arguments at once, and fails there where they are null. */
export const countCall: MakeCall = (method, args, site) => {
  if (args !== undefined) void args['select']
  return directCall(method, args, site)
}

/** Promises with the relations of the row on them: `prisma.user.findUnique(…).posts()`, which is Prisma's. */
export function fluentCall(relations: ReadonlySet<string | symbol>, { original }: DirectMethod): MakeCall {
  const fluent = new Fluent(relations, original)
  return (method, args, site) => new Proxy(directCall(method, args ?? {}, site), fluent)
}

class Fluent implements ProxyHandler<DirectCall> {
  constructor(
    private readonly relations: ReadonlySet<string | symbol>,
    private readonly original: Method,
  ) {}

  get(call: DirectCall, name: string | symbol): unknown {
    return Reflect.get(this.relations.has(name) ? this.original(call.spec.args) : call, name)
  }

  set(call: DirectCall, name: string | symbol, value: unknown): boolean {
    return Reflect.set(call, name, value)
  }

  has(call: DirectCall, name: string | symbol): boolean {
    return this.relations.has(name) || (typeof name === 'string' && Object.hasOwn(call, name))
  }

  ownKeys(call: DirectCall): (string | symbol)[] {
    return [...new Set([...this.relations, ...Object.keys(call)])]
  }

  getOwnPropertyDescriptor(): PropertyDescriptor {
    return { enumerable: true, configurable: true, writable: true }
  }
}
