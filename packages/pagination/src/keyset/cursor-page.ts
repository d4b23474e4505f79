import { createHash } from 'node:crypto'
import { canonicalize, type Args, type Host } from '@prisma-brisk/core'
import type { CursorCodec } from './cursor-codec.ts'
import { CursorRequest } from './cursor-request.ts'
import { InvalidCursorError, InvalidPageError, UnreadPageError, UnsupportedOrderError } from '../errors.ts'
import { checkPageLimit, refuseArguments } from '../page/page-arguments.ts'
import type { ResolvedLimits } from '../limit-options.ts'
import { modelNameOf, PAGE, pageRequests, type PageModel } from '../page/page-request.ts'
import { connectionOf, pageWith, type CursorPage, type CursorPageArgs, type PageInfo } from './relay.ts'
import { pageOrderOf } from './page-order.ts'
import { orderByOf, reversed, type SortKey } from './sort-key.ts'

/** Reads the rows behind or before a cursor. */
export async function readCursorPage(
  host: Host,
  model: PageModel,
  args: Args & CursorPageArgs,
  limits: ResolvedLimits,
  codec: CursorCodec,
  scope: (() => string) | null,
): Promise<CursorPage<unknown>> {
  const modelName = modelNameOf(model)
  const name = `${modelName}.cursorPage`
  const { first, last, after, before, orderBy, filterName, ...list } = args
  refuseArguments(list, ['take', 'skip', 'cursor', 'distinct'], name)
  if (filterName !== undefined && (typeof filterName !== 'string' || filterName === ''))
    throw new InvalidPageError(name, 'filterName', 'a name', filterName)
  const backward = isBackward(args, name)
  const limit = checkPageLimit(
    (backward ? last : first) ?? undefined,
    backward ? 'last' : 'first',
    limits,
    name,
    0,
  )
  const { keys, key } = pageOrderOf(host, modelName, orderBy, name)
  const binding = bindingOf(modelName, keys, filterName ?? list['where'], scope, name)
  const open = (token: unknown, argument: string) => placeOf(token, argument, keys, codec, binding)
  const places = { after: open(after, 'after'), before: open(before, 'before') }
  const request = new CursorRequest({
    keys: backward ? reversed(keys) : keys,
    key,
    name,
    from: backward ? places.before : places.after,
    to: backward ? places.after : places.before,
    limit,
    looksBehind: true,
  })
  const items = await pageRequests.during(request, (token) =>
    model.findMany({
      ...list,
      orderBy: orderByOf(request.keys, host.provider),
      take: limit + 1,
      [PAGE]: token,
    }),
  )
  const { outcome } = request
  if (outcome === null) throw new UnreadPageError(name)
  const values = backward ? outcome.values.toReversed() : outcome.values
  if (backward) items.reverse()
  const cursorOf = (row: readonly unknown[]) => cursorFor(row, keys, codec, binding, name)
  const pageInfo: PageInfo = {
    hasNextPage: backward ? outcome.hasBehind : outcome.hasMore,
    hasPreviousPage: backward ? outcome.hasMore : outcome.hasBehind,
    startCursor: values[0] === undefined ? null : cursorOf(values[0]),
    endCursor: values[0] === undefined ? null : cursorOf(values[values.length - 1] as readonly unknown[]),
  }
  return pageWith(items, pageInfo, () => connectionOf(items, pageInfo, values, cursorOf, name))
}

function isBackward({ first, last, before, after }: CursorPageArgs, name: string): boolean {
  if (first != null && last != null)
    throw new InvalidPageError(name, 'last', 'not to be given together with first', last)
  return last != null || (first == null && before != null && after == null)
}

/** A digest of whatever a cursor is only good for: model, order, filter and scope. */
function bindingOf(
  model: string,
  keys: readonly SortKey[],
  filter: unknown,
  scope: (() => string) | null,
  name: string,
): Buffer {
  const owner = scope === null ? '' : scope()
  if (typeof owner !== 'string') throw new InvalidPageError(name, 'cursor.scope()', 'a string', owner)
  const order = keys.map(({ field, direction, nulls }) => [field, direction, nulls])
  const text = JSON.stringify([
    model,
    order,
    typeof filter === 'string' ? ['filter', filter] : canonicalize(filter ?? {}),
    owner,
  ])
  return createHash('sha256').update(text).digest()
}

/** The sort values a cursor stands for, null where none is given. */
function placeOf(
  token: unknown,
  argument: string,
  keys: readonly SortKey[],
  codec: CursorCodec,
  binding: Buffer,
): readonly unknown[] | null {
  if (token === undefined || token === null) return null
  const encoded = codec.decode(token, binding, argument)
  return keys.map(({ type, nulls }, index) => {
    const value = encoded[index]
    const decoded = value === null ? (nulls === null ? undefined : null) : type.decode(value)
    if (decoded === undefined) throw new InvalidCursorError(argument, token)
    return decoded
  })
}

function cursorFor(
  row: readonly unknown[],
  keys: readonly SortKey[],
  codec: CursorCodec,
  binding: Buffer,
  name: string,
): string {
  const encoded = keys.map(({ field, type }, index) => {
    const value = row[index] === null ? null : type.encode(row[index])
    if (value === undefined)
      throw new UnsupportedOrderError(
        name,
        field,
        'holds a value that a cursor cannot carry exactly (NaN, infinity, or a text too long)',
      )
    return value
  })
  const token = codec.encode(binding, encoded)
  if (token !== null) return token
  throw new UnsupportedOrderError(
    name,
    keys.map(({ field }) => field).join(', '),
    'hold values too long for a cursor',
  )
}
