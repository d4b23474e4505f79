import { modelOperations } from '../operation/operation.ts'

/** What every read of a client answers is given members of the suite's own. */
export interface ReadDecoration {
  /** Members of the client, such as `$accelerate`; those of interactive transactions have them too. */
  readonly client: Readonly<Record<string, unknown>>
  /**
   * Members of the promise of a read, by name; each is made when it is asked for. Prisma's promises are lazy: `again` makes
   * another one of the same read.
   */
  readonly promise: Readonly<Record<string, (again: () => LazyRead, read: DecoratedRead) => unknown>>
}

/** A read as it was called. */
export interface DecoratedRead {
  readonly model: string
  readonly operation: string
  readonly args: unknown
}

/** Prisma's promise of a read; one of another extension may be a plain one. */
export interface LazyRead extends PromiseLike<unknown> {
  requestTransaction?(transaction: unknown): PromiseLike<unknown>
}

/**
 * The client, seen through a glass that adds to what its reads answer.
 *
 * An extension that overrides `findMany` can only go on at its parent, and so passes by the hooks of whoever extends it
 * further. Here every client keeps its own methods, and is decorated as it is made: by `$extends`, and for an
 * interactive transaction.
 */
export function decoratedClient(client: object, decoration: ReadDecoration): object {
  if (decorated.get(client)?.has(decoration) === true) return client
  const glass = new Proxy(client, new ClientGlass(decoration))
  decorated.set(glass, new Set([...(decorated.get(client) ?? []), decoration]))
  return glass
}

const decorated = new WeakMap<object, ReadonlySet<ReadDecoration>>()

type AnyFunction = (...args: unknown[]) => unknown

class ClientGlass implements ProxyHandler<object> {
  private readonly delegates = new WeakMap<object, object>()

  constructor(private readonly decoration: ReadDecoration) {}

  get(client: object, name: string | symbol, glass: object): unknown {
    const { decoration } = this
    if (typeof name === 'string' && Object.hasOwn(decoration.client, name)) return decoration.client[name]
    const value: unknown = Reflect.get(client, name)
    if (typeof value === 'object' && value !== null) return this.delegate(value)
    if (typeof value !== 'function') return value
    if (name === '$extends') {
      return (extension: unknown) =>
        decoratedClient(Reflect.apply(value, glass, [extension]) as object, decoration)
    }
    if (name === '$transaction') {
      return (input: unknown, ...options: unknown[]): unknown => {
        if (typeof input !== 'function') return Reflect.apply(value, glass, [input, ...options])
        const run = (transaction: object): unknown =>
          Reflect.apply(input, undefined, [decoratedClient(transaction, decoration)])
        return Reflect.apply(value, glass, [run, ...options])
      }
    }
    return value
  }

  has(client: object, name: string | symbol): boolean {
    return (
      (typeof name === 'string' && Object.hasOwn(this.decoration.client, name)) || Reflect.has(client, name)
    )
  }

  /** What `client.user` is; anything else as it is. */
  private delegate(value: object): object {
    let glass = this.delegates.get(value)
    if (glass === undefined) {
      const model = (value as { $name?: unknown }).$name
      const isDelegate = typeof model === 'string' && typeof Reflect.get(value, 'findMany') === 'function'
      glass = isDelegate ? new Proxy(value, new DelegateGlass(model, this.decoration)) : value
      this.delegates.set(value, glass)
    }
    return glass
  }
}

/** The reads of one model; methods may be replaced while it is in use. */
class DelegateGlass implements ProxyHandler<object> {
  private readonly known = new Map<string, { readonly original: AnyFunction; readonly method: AnyFunction }>()

  constructor(
    private readonly model: string,
    private readonly decoration: ReadDecoration,
  ) {}

  get(delegate: object, name: string | symbol, glass: object): unknown {
    const value: unknown = Reflect.get(delegate, name)
    if (typeof name !== 'string' || typeof value !== 'function' || !READS.has(name)) return value
    const known = this.known.get(name)
    if (known?.original === value) return known.method
    const original = value as AnyFunction
    const method = this.methodOf(name, original, glass)
    this.known.set(name, { original, method })
    return method
  }

  private methodOf(operation: string, original: AnyFunction, delegate: object): AnyFunction {
    const { model, decoration } = this
    return (...args) => {
      const made = Reflect.apply(original, delegate, args)
      if (typeof made !== 'object' || made === null) return made
      const again = (): LazyRead => Reflect.apply(original, delegate, args) as LazyRead
      return new Proxy(made, new PromiseGlass(decoration, again, { model, operation, args: args[0] }))
    }
  }
}

/** The promise of one read. Most are awaited at once, and nobody looks at what was added. */
class PromiseGlass implements ProxyHandler<object> {
  constructor(
    private readonly decoration: ReadDecoration,
    private readonly again: () => LazyRead,
    private readonly read: DecoratedRead,
  ) {}

  get(promise: object, name: string | symbol): unknown {
    const { promise: members } = this.decoration
    if (typeof name === 'string' && Object.hasOwn(members, name))
      return members[name]?.(this.again, this.read)
    const value: unknown = Reflect.get(promise, name)
    // A method of another extension gives a promise of the language, whose methods want it and nothing else.
    return typeof value === 'function' && promise instanceof Promise
      ? (value.bind(promise) as unknown)
      : value
  }

  has(promise: object, name: string | symbol): boolean {
    return (
      (typeof name === 'string' && Object.hasOwn(this.decoration.promise, name)) || Reflect.has(promise, name)
    )
  }
}

const READS: ReadonlySet<string> = new Set(
  modelOperations().flatMap(({ operation, isRead }) => (isRead ? [operation] : [])),
)
