import { isDecimal } from '../operation/prisma-value.ts'
import type { Args, CallNotes, FetchDecorator } from '../pipeline/call.ts'

/** Where the internals of an operation carry the notes that its hooks share. */
export const notesKey = Symbol('prisma-brisk.notes')

/** Where they carry the call that waits for it (`WaitingCall`). */
export const waitingKey = Symbol('prisma-brisk.waiting')

/** Where they say that the suite has seen the operation (`SentCall`). */
export const seenKey = Symbol('prisma-brisk.seen')

/** What Prisma passes along with a hooked call; private, so every member is optional. */
export interface InternalParams {
  args?: unknown
  dataPath?: readonly string[]
  action?: string
  model?: string | undefined
  jsModelName?: string | undefined
  clientMethod?: string
  callsite?: CallSite
  /** Wraps the fetch by which the call reaches Prisma Accelerate. */
  customDataProxyFetch?: FetchDecorator
  argsMapper?: ((args: never) => unknown) | undefined
  unpacker?: ((data: never) => unknown) | undefined
  transaction?:
    | { kind: 'itx'; id: string }
    | { kind: 'batch'; id: number; index: number; lock: PromiseLike<void> }
    | undefined
  /** Between what a hook is given and what Prisma keeps; absent for operations of models. */
  middlewareArgsMapper?:
    | { requestArgsToMiddlewareArgs(args: unknown): Args; middlewareArgsToRequestArgs(args: Args): unknown }
    | undefined
  [waitingKey]?: object
  [seenKey]?: true
  [notesKey]?: { readonly params: InternalParams; readonly hook: unknown; readonly notes: CallNotes }
}

/** What Prisma hands a query hook. */
export interface HookInput {
  model?: string
  operation: string
  args: Args
  query: (args: unknown, params?: InternalParams) => PromiseLike<unknown>
  __internalParams?: InternalParams
}

/** Where a call was made; null for its place where Prisma does not record it. */
export interface CallSite {
  _error?: Error
  getLocation?(): object | null
  /** Whether Prisma's errors are not to name it. */
  isHidden?: boolean
}

/** The internals that make Prisma run `operation` in place of the hooked one, as its own methods would. */
export function redirected(
  params: InternalParams,
  operation: string,
  args: Args,
  model: string | null,
): InternalParams {
  if (model === null) {
    const action = operation.startsWith('$execute') ? 'executeRaw' : 'queryRaw'
    const { transaction, callsite } = params
    return {
      argsMapper: rawArguments,
      dataPath: [],
      action,
      model: undefined,
      jsModelName: undefined,
      clientMethod: operation,
      unpacker: undefined,
      transaction,
      ...(callsite === undefined ? {} : { callsite }),
    }
  }
  const jsModelName = delegateOf(model)
  return {
    ...params,
    dataPath: [],
    action: operation,
    model,
    jsModelName,
    // Errors name the method that the user called, whatever was sent in its place.
    clientMethod: (model === params.model ? params.clientMethod : undefined) ?? `${jsModelName}.${operation}`,
    ...aggregateMapping(operation, args),
  }
}

/** The name of a model on the client. */
export const delegateOf = (model: string): string => model.charAt(0).toLowerCase() + model.slice(1)

/** Prisma desugars aggregates with an argument mapper and unpacks their results; a redirected one needs both. */
export function aggregateMapping(
  operation: string,
  args: Args,
): Pick<InternalParams, 'argsMapper' | 'unpacker'> {
  if (operation !== 'count' && operation !== 'aggregate' && operation !== 'groupBy')
    return { argsMapper: undefined, unpacker: undefined }
  const bare = typeof args['_count'] === 'boolean'
  const unpackRow = (row: Record<string, unknown>) => {
    if (bare) row['_count'] = (row['_count'] as Args)['_all']
    return row
  }
  if (operation === 'count') {
    const selected = typeof args['select'] === 'object'
    return {
      argsMapper: ({ select, ...rest }: Args) =>
        desugarAggregate({ ...rest, _count: typeof select === 'object' ? select : { _all: true } }),
      unpacker: (data: Record<string, unknown>) => {
        const counts = unpackRow(data)['_count'] as Args
        return selected ? counts : counts['_all']
      },
    }
  }
  return {
    argsMapper: (raw: Args) => {
      const desugared = desugarAggregate(raw)
      for (const key of operation === 'groupBy' ? [raw['by']].flat() : []) {
        if (typeof key === 'string') desugared.select[key] = true
      }
      return desugared
    },
    unpacker: (data: Record<string, unknown> & Record<string, unknown>[]) =>
      operation === 'groupBy' ? data.map(unpackRow) : unpackRow(data),
  }
}

const aggregates = new Set(['_avg', '_count', '_sum', '_min', '_max'])

function desugarAggregate(args: Args): { select: Record<string, unknown> } & Record<string, unknown> {
  const desugared: { select: Record<string, unknown> } & Record<string, unknown> = { select: {} }
  for (const [key, value] of Object.entries(args)) {
    if (!aggregates.has(key)) desugared[key] = value
    else
      desugared.select[key] = {
        select: key === '_count' && typeof value === 'boolean' ? { _all: value } : value,
      }
  }
  return desugared
}

const rawArguments = ([query, ...values]: readonly unknown[]) => ({
  query,
  parameters: { values: encodeRawValues(values), __prismaRawParameters__: true },
})

/** Prisma's wire form of raw parameters (`serializeRawParameters`): JSON with tagged bigint, date, decimal, bytes. */
function encodeRawValues(values: readonly unknown[]): string {
  return JSON.stringify(values.map(encodeRawValue))
}

function encodeRawValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(encodeRawValue)
  if (typeof value === 'bigint') return { prisma__type: 'bigint', prisma__value: value.toString() }
  if (value instanceof Date) return { prisma__type: 'date', prisma__value: value.toJSON() }
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value
    return {
      prisma__type: 'bytes',
      prisma__value: Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
    }
  }
  if (isDecimal(value)) return { prisma__type: 'decimal', prisma__value: value.toFixed() }
  return value
}
