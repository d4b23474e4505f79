import type { Model } from '@prisma-brisk/core'
import type { Loader } from './loader.ts'
import type { Member } from '../batch-key/batched-call.ts'

/** The loaders of calls that may meet: those of one mount, outside transactions or within one of them. */
export class Room {
  private readonly loaders = new WeakMap<object, Loader>()
  private readonly named = new Map<string, Loader>()
  private readonly scopes = new Map<unknown, { readonly room: Room; calls: number }>()

  constructor(private readonly makeLoader: (model: Model, operation: string) => Loader) {}

  load(member: Member, model: Model): Promise<unknown> {
    return this.loaderOf(member, model).load(member)
  }

  /** The same among the calls of one scope, which is forgotten once none of them is left. */
  async loadWithin(scope: unknown, member: Member, model: Model): Promise<unknown> {
    let held = this.scopes.get(scope)
    if (held === undefined) this.scopes.set(scope, (held = { room: new Room(this.makeLoader), calls: 0 }))
    held.calls++
    try {
      return await held.room.load(member, model)
    } finally {
      if (--held.calls === 0) this.scopes.delete(scope)
    }
  }

  /** Prisma keeps one list of hooks for each client, model and operation: exactly those whose calls may meet. */
  private loaderOf({ call }: Member, model: Model): Loader {
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
