import { InvalidLimitError, InvalidPageError } from '../errors.ts'
import type { CursorPageArgs } from './cursor-page.ts'

/**
 * The arguments of a Relay connection field as those of `cursorPage`: `null` counts as not given, and one of `first` and `last` is required
 * where `required` says so, as GitHub's API does.
 *
 * @example
 * resolve: async (parent, args) =>
 *   toConnection(await prisma.post.cursorPage({ where: { authorId: parent.id }, ...relayArguments(args) }))
 *
 * @throws InvalidPageError, InvalidLimitError
 */
export function relayArguments(
  args: Readonly<Record<string, unknown>>,
  { required = false }: { required?: boolean } = {},
): CursorPageArgs {
  const { first, last, after, before } = args
  if (first != null && last != null)
    throw new InvalidPageError('connection', 'last', 'not to be given together with first', last)
  if (required && first == null && last == null)
    throw new InvalidPageError('connection', 'first', 'given, or last', undefined)
  return {
    ...(first == null ? {} : { first: count('first', first) }),
    ...(last == null ? {} : { last: count('last', last) }),
    ...(after == null ? {} : { after: cursor('after', after) }),
    ...(before == null ? {} : { before: cursor('before', before) }),
  }
}

function count(argument: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
  throw new InvalidLimitError('connection', argument, value)
}

function cursor(argument: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw new InvalidPageError('connection', argument, 'a cursor', value)
}
