import { defineExtension, mount, writtenModels } from '@prisma-brisk/core'
import type { BriskExtension, ModelSet, Plugin } from '@prisma-brisk/core'

/** Told after COMMIT which models were written; `'*'` where that cannot be known, as for raw SQL. */
type Listener = (models: ModelSet) => void

interface ChangeFeed {
  readonly $changes: { subscribe(listener: Listener): () => void }
}

const listenersKey = Symbol('change-feed.listeners')

function changeFeedPlugin(): Plugin {
  return {
    name: 'change-feed',
    middleware: (host) => async (call, next) => {
      const schema = host.schema()
      const models = schema === null ? '*' : writtenModels(schema, call.model, call.operation, call.args)
      const answer = await next(call)
      const tell = () => host.state(listenersKey, () => new Set<Listener>()).forEach((each) => each(models))
      if (models === '*' || models.size > 0) await call.transaction.afterCommit(tell)
      return answer
    },
    client: (host) => {
      const listeners = host.state(listenersKey, () => new Set<Listener>())
      const subscribe = (listener: Listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      }
      return { $changes: { subscribe } }
    },
  }
}

export function changeFeed(): BriskExtension<{}, ChangeFeed> {
  return defineExtension((client) => mount(client, [changeFeedPlugin()])) as never
}
