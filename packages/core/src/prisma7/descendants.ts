import type { ExtensionList } from './base-requests.ts'

/**
 * Tells clients apart that are extended further behind a pipeline.
 *
 * Prisma hands a hook the list of hooks it is called from, one for each client, model and operation. But an extension
 * without query hooks, such as one that computes fields, gets the very list of its parent, and the two clients look
 * the same. They are not: a computed field makes Prisma read the columns it needs, which the parent must not be given.
 * So each client that descends from this one gets lists of its own, with the same hooks in them.
 *
 * @param born called for each list that is made from another
 * @returns whether this version of Prisma allows it
 */
export function giveDescendantsOwnHooks(list: ExtensionList | undefined, born: Born): boolean {
  if (typeof list?.append !== 'function' || typeof list.getAllQueryCallbacks !== 'function') return false
  const { append } = list
  list.append = (extension) => {
    const child = ownHooks(append.call(list, extension), born)
    born(child, list)
    return child
  }
  return true
}

type Born = (child: ExtensionList, parent: ExtensionList) => void

function ownHooks(list: ExtensionList, born: Born): ExtensionList {
  const { getAllQueryCallbacks } = list
  if (!giveDescendantsOwnHooks(list, born) || getAllQueryCallbacks === undefined) return list
  const lists = new Map<string, readonly unknown[]>()
  list.getAllQueryCallbacks = (model, operation) => {
    const name = `${model}:${operation}`
    let hooks = lists.get(name)
    if (hooks === undefined) lists.set(name, (hooks = [...getAllQueryCallbacks.call(list, model, operation)]))
    return hooks
  }
  return list
}
