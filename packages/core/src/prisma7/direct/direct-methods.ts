import { modelOperations } from '../../operation/operation.ts'
import { commentsNameSites } from '../../driver/sql-comments.ts'
import { HiddenCallSite, PrismaCallSite } from './prisma-call-site.ts'
import { countCall, directCall, fluentCall, type MakeCall } from './direct-call.ts'
import { DirectMethod, type DirectClient, type Method } from './direct-method.ts'
import type { PipelineEntry } from '../pipeline-entry.ts'
import { delegateOf } from '../redirect.ts'

/**
 * Lets calls of `extended.user` and its like enter the pipeline themselves.
 *
 * Prisma reaches a hook through an async resource, lazy promises, copies, a proxy for fluent calls and a walk over the
 * answer: up to three quarters of what a merged or a cached call costs. Where our hook is the only one, nobody sees any of
 * that. What is sent goes to the client that was extended, as it would from the hook.
 *
 * Only methods of this very client are replaced, and of Prisma's own only: clients that are extended further and those of
 * interactive transactions have methods of their own. Whatever else there is goes to Prisma: array transactions, fluent
 * calls, uncommon arguments, and all while spans are recorded, for Prisma makes one for each call.
 */
export function callDirectly(extended: object, client: object, entry: PipelineEntry): void {
  const [own, base] = [extended as DirectClient, client as DirectClient]
  const models = Object.entries(base._runtimeDataModel?.models ?? {})
  if (typeof own._request !== 'function' || typeof base._request !== 'function') return
  if (typeof own._tracingHelper?.isEnabled !== 'function' || computesFields(base, models)) return
  if (typeof own._extensions?.getAllClientExtensions !== 'function') return
  const others = own._extensions.getAllClientExtensions() ?? {}
  for (const [model, { fields }] of models) {
    // Another extension has put something of its own in place of the model.
    if (delegateOf(model) in others || model in others) continue
    const replace = (delegate: Delegate | undefined) => {
      // Of two models whose names differ by the case of their first letter, a client has but one.
      if (delegate?.$name !== model) return
      const relations = new Set(fields.filter(({ kind }) => kind === 'object').map(({ name }) => name))
      replaceMethods(delegate, relations, (operation, original) =>
        isPrismas(own, base, model, operation)
          ? new DirectMethod(own, base, entry, model, operation, original)
          : null,
      )
    }
    replaceLazily(own as Record<string, Delegate | undefined>, model, replace)
  }
}

/**
 * Prisma makes what `client.user` is when it is asked for, which takes its time for a hundred models. It has another of the
 * same under the model's own name, `client.User`, which is taken in its place once it is asked for.
 */
function replaceLazily(
  client: Record<string, Delegate | undefined>,
  model: string,
  replace: (delegate: Delegate | undefined) => void,
): void {
  const name = delegateOf(model)
  if (name === model || !(model in client)) return replace(client[name])
  let delegate: Delegate | undefined
  let isReplaced = false
  Object.defineProperty(client, name, {
    configurable: true,
    enumerable: true,
    get() {
      if (!isReplaced) {
        isReplaced = true
        replace((delegate = client[model]))
      }
      return delegate
    },
    // Tests put their own in place of it.
    set(value: Delegate) {
      isReplaced = true
      delegate = value
    },
  })
}

function replaceMethods(
  delegate: Delegate,
  relations: ReadonlySet<string | symbol>,
  methodOf: (operation: string, original: Method) => DirectMethod | null,
): void {
  // In the order in which they stand.
  for (const operation of Object.keys(delegate)) {
    const result = results.get(operation)
    const original = delegate[operation]
    const method = result !== undefined && original !== undefined ? methodOf(operation, original) : null
    if (method === null) continue
    let make: MakeCall = operation === 'count' ? countCall : directCall
    if (result === 'row' || result === 'rowOrNull') make = fluentCall(relations)
    const isShown = method.own._errorFormat !== 'minimal'
    if (isShown) delegate[operation] = (args) => make(method, args, new PrismaCallSite())
    else if (commentsNameSites()) delegate[operation] = (args) => make(method, args, new HiddenCallSite())
    else delegate[operation] = (args) => make(method, args, unknownSite)
  }
}

const results = new Map(modelOperations().map(({ operation, result }) => [operation, result]))

type Delegate = Record<string, Method | undefined> & { readonly $name?: string }

function computesFields(
  { _extensions: extensions }: DirectClient,
  models: readonly (readonly [string, unknown])[],
): boolean {
  if (extensions?.isEmpty?.() === true) return false
  if (typeof extensions?.getAllComputedFields !== 'function') return true
  return models.some(
    ([model]) => Object.keys(extensions.getAllComputedFields?.(delegateOf(model)) ?? {}).length > 0,
  )
}

/** Whether the method is Prisma's own, and no hook stands before ours. */
function isPrismas(own: DirectClient, base: DirectClient, model: string, operation: string): boolean {
  const methods = own._extensions?.getAllModelExtensions?.(model)
  if (methods === undefined || operation in methods) return false
  const { _extensions: extensions } = base
  if (extensions?.isEmpty?.() === true) return true
  return extensions?.getAllQueryCallbacks?.(delegateOf(model), operation).length === 0
}

const unknownSite = { getLocation: () => null }
