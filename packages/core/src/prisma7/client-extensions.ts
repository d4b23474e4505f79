import type { ComputedField } from '../pipeline/call.ts'
import { delegateOf } from './redirect.ts'

/** A list of extensions, as Prisma keeps one for each client. */
export interface ExtensionList {
  append?(extension: unknown): ExtensionList
  getAllQueryCallbacks?(delegate: string, operation: string): readonly unknown[]
  getAllComputedFields?(delegate: string): Readonly<Record<string, ComputedField>> | undefined
}

/**
 * Tells clients apart that are extended further behind a pipeline.
 *
 * Prisma hands a hook the list of hooks it is called from, one for each client, model and operation. But an extension
 * without query hooks, such as one that computes fields, gets the very list of its parent, and the two clients look
 * the same. They are not: a computed field makes Prisma read the columns it needs, which the parent must not be given.
 * So this client, and each that descends from it, gets lists of its own, with the same hooks in them.
 *
 * @param born called for each list that is made from another
 * @returns whether this version of Prisma allows it
 */
export function giveOwnHooks(list: ExtensionList | undefined, born: Born): boolean {
  if (typeof list?.append !== 'function' || typeof list.getAllQueryCallbacks !== 'function') return false
  const { append, getAllQueryCallbacks } = list
  list.append = (extension) => {
    const child = append.call(list, extension)
    giveOwnHooks(child, born)
    born(child, list)
    return child
  }
  const lists = new Map<string, readonly unknown[]>()
  list.getAllQueryCallbacks = (model, operation) => {
    const name = `${model}:${operation}`
    let hooks = lists.get(name)
    if (hooks === undefined) {
      hooks = [...getAllQueryCallbacks.call(list, model, operation)]
      lists.set(name, hooks)
      clients.set(hooks, list)
    }
    return hooks
  }
  return true
}

type Born = (child: ExtensionList, parent: ExtensionList) => void

/** The extensions of the client that a list of hooks was made for. */
const clients = new WeakMap<readonly unknown[], ExtensionList>()

/** Fields of a model that the extensions of a client compute; none where the client is not known by its hooks. */
export function computedFieldsOf(hooks: readonly unknown[] | null, model: string): readonly ComputedField[] {
  const list = hooks === null ? undefined : clients.get(hooks)
  return Object.values(list?.getAllComputedFields?.(delegateOf(model)) ?? {})
}
