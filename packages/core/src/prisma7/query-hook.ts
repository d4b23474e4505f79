import { commentsNameSites } from '../driver/sql-comments.ts'
import { awaitingPart, stackHere } from '../pipeline/call-site.ts'
import { Call, type CallNotes } from '../pipeline/call.ts'
import { noTransaction, type CallTransaction } from '../pipeline/call-transaction.ts'
import type { Host } from '../pipeline/host.ts'
import { TransactionRegistry } from '../transaction/transaction-registry.ts'
import { markAsOwn, PrismaDispatcher } from './dispatcher.ts'
import { withOwnArguments } from './own-arguments.ts'
import type { PipelineEntry } from './pipeline-entry.ts'
import { notesKey, seenKey, waitingKey, type HookInput, type InternalParams } from './redirect.ts'
import type { Mounted, QueryHook, WaitingCall } from './waiting-call.ts'

/** The one query hook of a mounted extension. */
export function queryHook(entry: PipelineEntry): QueryHook {
  // Prisma calls hooks as members of the client's list of them (`hooks[i](…)`): `this` tells clients apart that
  // were extended further, which share this very function.
  return markAsOwn(function hook(this: unknown, input: HookInput): Promise<unknown> {
    const params = input.__internalParams
    if (params?.[seenKey] === true) return Promise.resolve(input.query(input.args))
    if (params === undefined) {
      entry.host.warnOnce(
        'W_NO_INTERNALS',
        'prisma-brisk: this version of Prisma passes no internals to extensions; caching and merging are off.',
      )
    }
    const enter = (): Promise<unknown> =>
      enterPipeline(
        { entry, hook },
        input,
        Array.isArray(this) ? this : null,
        params?.[waitingKey] as WaitingCall | undefined,
      )
    const isUnlocated = params !== undefined && params.callsite?._error === undefined
    return isUnlocated && commentsNameSites() ? located(params, enter) : enter()
  })
}

/**
 * Notes where the call is awaited, for comments on its statements, where Prisma records no call sites. V8 leads there once
 * the hook has been awaited itself.
 */
async function located(params: InternalParams, enter: () => Promise<unknown>): Promise<unknown> {
  await settled
  params.callsite = new AwaitingCallSite()
  return enter()
}

class AwaitingCallSite {
  readonly isHidden = true
  private readonly here = stackHere()

  get _error(): Error {
    const { here } = this
    return { name: here.name, message: here.message, stack: awaitingPart(here.stack) }
  }

  getLocation(): null {
    return null
  }
}

/** Runs an operation through the pipeline, from the hook or from where the operation was found. */
export function enterPipeline(
  { entry, hook }: Pick<Mounted, 'entry' | 'hook'>,
  input: HookInput,
  hooks: readonly unknown[] | null,
  waiting: WaitingCall | undefined,
): Promise<unknown> {
  const { host } = entry
  const params = input.__internalParams
  const path = params?.dataPath ?? noPath
  const own = waiting?.own.filter(({ name }) => entry.own.includes(name)) ?? []
  const notes = notesOf(params, hook)
  const dispatcher = new PrismaDispatcher(input, entry, hooks, hook)
  const call = new Call(
    host,
    input.model ?? null,
    input.operation,
    own.length === 0 ? input.args : withOwnArguments(input.args, own, path),
    path,
    transactionOf(host, params),
    notes,
    dispatcher,
  )
  const isMember = params?.transaction?.kind === 'batch'
  const answer = entry.enter(call, isMember ? (pipeline) => dispatcher.settleMember(pipeline, call) : null)
  if (waiting === undefined) return answer
  waiting.arrives()
  return answer.catch((error: unknown) => {
    waiting.fails()
    throw error
  })
}

const settled = Promise.resolve()
const noPath: readonly string[] = Object.freeze([])

/**
 * The notes of an operation are one for all packages, also where each was mounted with a `$extends` of its own: Prisma
 * hands the same internals to every hook of an operation. A hook that is run again begins anew, and so does one that
 * gets a copy of the internals. (A WeakMap of them costs the garbage collector more than all else that we do.)
 */
function notesOf(params: InternalParams | undefined, hook: unknown): CallNotes {
  if (params === undefined) return {}
  const known = params[notesKey]
  if (known !== undefined && known.params === params && known.hook !== hook) return known.notes
  const notes: CallNotes = {}
  params[notesKey] = { params, hook, notes }
  return notes
}

function transactionOf(host: Host, params: InternalParams | undefined): CallTransaction {
  if (params === undefined) return unrecognised
  const { transaction } = params
  if (transaction === undefined) return noTransaction
  const transactions = TransactionRegistry.of(host)
  return transaction.kind === 'itx'
    ? transactions.scope('interactive', transaction.id)
    : transactions.scope('array', `${host.id}:${transaction.id}`)
}

const unrecognised: CallTransaction = Object.freeze<CallTransaction>({
  ...noTransaction,
  kind: 'unrecognised',
})
