import type { Model } from '@prisma-brisk/core'
import type { Loader } from './loader.ts'
import type { BatchedCall } from '../batch-key/batched-call.ts'

/** The loaders of calls that may meet: those of one mount, outside transactions or within one of them. */
export class LoaderMap {
  private readonly loaders = new WeakMap<object, Loader>()
  private readonly named = new Map<string, Loader>()
  private readonly scopes = new Map<unknown, { readonly loaders: LoaderMap; calls: number }>()

  constructor(private readonly makeLoader: (model: Model, operation: string) => Loader) {}

  load(member: BatchedCall, model: Model): Promise<unknown> {
    return this.loaderOf(member, model).load(member)
  }

  /** The same among the calls of one scope, which is dropped once none of them is left. */
  async loadWithin(scope: unknown, member: BatchedCall, model: Model): Promise<unknown> {
    let held = this.scopes.get(scope)
    if (held === undefined)
      this.scopes.set(scope, (held = { loaders: new LoaderMap(this.makeLoader), calls: 0 }))
    held.calls++
    try {
      return await held.loaders.load(member, model)
    } finally {
      if (--held.calls === 0) this.scopes.delete(scope)
    }
  }

  /** Prisma keeps one list of hooks for each client, model and operation: exactly those whose calls may meet. */
  private loaderOf({ call }: BatchedCall, model: Model): Loader {
    const { hooks } = call
    if (hooks !== null) {
      let loader = this.loaders.get(hooks)
      if (loader === undefined) this.loaders.set(hooks, (loader = this.makeLoader(model, call.operation)))
      return loader
    }
    const name = `${call.model} ${call.operation}`
    let loader = this.named.get(name)
    if (loader === undefined) this.named.set(name, (loader = this.makeLoader(model, call.operation)))
    return loader
  }
}
