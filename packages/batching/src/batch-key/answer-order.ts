import { isPlain, type Args } from '@prisma-brisk/core'

/**
 * The order in which a call names what it reads, as text: Prisma gives fields in that order, which canonical text does not
 * tell. Calls of one statement may differ in it; see {@link inOrderOf}.
 */
export function answerOrder(args: Args): string {
  let order = ''
  for (const clause of ['select', 'include'] as const) {
    const fields = args[clause]
    if (!isPlain(fields)) continue
    order += ` ${Object.keys(fields).join(',')}`
    for (const name in fields) {
      const nested = fields[name]
      if (isPlain(nested)) order += `(${answerOrder(nested)})`
    }
  }
  return order
}

/** The same for what has no rows: the order of all arguments. */
export function argumentOrder(args: Args): string {
  return ` ${Object.keys(args)
    .map((name) => {
      const nested = args[name]
      return name !== 'where' && isPlain(nested) ? `${name}(${Object.keys(nested).join(',')})` : name
    })
    .join(',')}`
}

/**
 * An answer to other arguments, which differ from these in their {@link answerOrder} alone, as Prisma would have given it to
 * these. Fields that stand in no selection keep their places.
 */
export function inOrderOf(answer: unknown, args: Args): unknown {
  if (Array.isArray(answer)) return answer.map((row) => inOrderOf(row, args))
  if (!isPlain(answer)) return answer
  const { select, include } = args
  const named = isPlain(select) ? select : isPlain(include) ? include : null
  if (named === null) return answer
  const ordered: Record<string, unknown> = {}
  if (named === include) for (const name in answer) if (!(name in named)) ordered[name] = answer[name]
  for (const name in named) {
    if (!(name in answer)) continue
    const nested = named[name]
    ordered[name] = isPlain(nested) ? inOrderOf(answer[name], nested) : answer[name]
  }
  for (const name in answer) if (!(name in ordered)) ordered[name] = answer[name]
  return ordered
}
