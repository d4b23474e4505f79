import type { Args } from './call.ts'
import type { DirectMethod } from './prisma7-direct-method.ts'
import type { CallSite, InternalParams } from './prisma7-redirect.ts'

/** What a method answers: Prisma's lazy promise, which begins when it is awaited, and but once. */
export class DirectCall implements Promise<unknown> {
  private answer: Promise<unknown> | null = null

  constructor(
    private readonly method: DirectMethod,
    private readonly args: Args | undefined,
    private readonly site: CallSite,
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
