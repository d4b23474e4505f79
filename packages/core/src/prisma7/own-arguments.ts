import type { Args } from '../pipeline/call.ts'

/** An argument of the suite's own, and how deep it stands: 0 at the top, then one for each step of a fluent read. */
export interface OwnArgument {
  readonly depth: number
  readonly name: string
  readonly value: unknown
}

/** The suite's own arguments of a call; `path` is that of a fluent read: `['select', 'posts', 'select', 'author']`. */
export function ownArgumentsOf(args: Args, names: readonly string[], path: readonly string[]): OwnArgument[] {
  const found: OwnArgument[] = []
  let at: unknown = args
  for (let depth = 0; isObject(at); depth++) {
    for (const name of names) if (name in at) found.push({ depth, name, value: at[name] })
    const clause = path[depth * 2]
    const field = path[depth * 2 + 1]
    if (clause === undefined || field === undefined) break
    at = (at[clause] as Args | undefined)?.[field]
  }
  return found
}

/** Arguments without those of the suite's own, at the top and in the steps of a fluent read. */
export function withoutOwnArguments(
  args: Args,
  names: readonly string[],
  path: readonly string[],
  step = 0,
): Args {
  if (!isObject(args)) return args
  let stripped: Args = args
  for (const name of names) {
    if (!(name in stripped)) continue
    const { [name]: _, ...rest } = stripped
    stripped = rest
  }
  if (step + 1 >= path.length) return stripped
  const clause = path[step] as string
  const field = path[step + 1] as string
  const fields = stripped[clause] as Args | undefined
  const inner = fields?.[field] as Args | undefined
  const strippedInner = withoutOwnArguments(inner as Args, names, path, step + 2)
  return strippedInner === inner ? stripped : { ...stripped, [clause]: { ...fields, [field]: strippedInner } }
}

/** Arguments with the suite's own again, where they stood; those whose place is gone are left out. */
export function withOwnArguments(args: Args, own: readonly OwnArgument[], path: readonly string[]): Args {
  return own.reduce((whole, argument) => put(whole, argument, path, 0), args)
}

function put(args: Args, argument: OwnArgument, path: readonly string[], depth: number): Args {
  const { name, value } = argument
  if (depth === argument.depth) return { ...args, [name]: value }
  const clause = path[depth * 2] as string
  const field = path[depth * 2 + 1] as string
  const fields = args[clause]
  const inner = isObject(fields) ? fields[field] : undefined
  if (!isObject(fields) || (!isObject(inner) && inner !== true)) return args
  const whole = put(inner === true ? {} : inner, argument, path, depth + 1)
  return { ...args, [clause]: { ...fields, [field]: whole } }
}

const isObject = (value: unknown): value is Args => typeof value === 'object' && value !== null
