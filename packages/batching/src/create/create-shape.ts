import {
  canonicalize,
  isDecimal,
  isPlain,
  type Call,
  type Field,
  type Host,
  type Model,
} from '@prisma-brisk/core'
import { CallGroup } from '../batch-key/call-group.ts'
import type { BatchedCall } from '../batch-key/batched-call.ts'
import { selectionFits } from '../batch-key/selection.ts'

/** Sorts `create` calls: of one shape are those that give the same plain columns, and select the same of them. */
export function createGroupsOf(members: readonly BatchedCall[], model: Model): readonly CallGroup[] {
  const groups = new Map<string, CallGroup>()
  for (const [index, member] of members.entries()) {
    const shape = shapeOf(member.call, model) ?? `alone ${index}`
    let group = groups.get(shape)
    if (group === undefined) groups.set(shape, (group = new CallGroup(model, shape, null)))
    group.members.push(member)
  }
  return [...groups.values()]
}

/** Null where the call writes or selects more than columns of its own row. */
function shapeOf({ args, host }: Call, model: Model): string | null {
  const { data, select, omit, ...others } = args
  if (!isPlain(data) || Object.values(others).some((value) => value !== undefined)) return null
  const given: string[] = []
  // Prisma may refuse what is given as undefined (`strictUndefinedChecks`): of all calls of a shape, or of none.
  const undefinedNames = Object.keys(args).filter((name) => args[name] === undefined)
  for (const name in data) {
    const value = data[name]
    if (value === undefined) {
      undefinedNames.push(name)
      continue
    }
    const field = model.fields.get(name)
    if (field === undefined || field.isList || !isColumnValue(field, value)) return null
    if (!isCarried(host, field, value)) return null
    given.push(name)
  }
  if (!selectionFits(host, model, { select, omit })) return null
  for (const fields of [select, omit])
    for (const name in fields as object | undefined) {
      const field = model.fields.get(name)
      if (field === undefined || field.kind === 'relation') return null
    }
  if (given.length === 0) return null
  return `create ${given.sort().join(',')} ${undefinedNames.sort().join(',')} ${canonicalize([select, omit])} ${isPlain(select) ? Object.keys(select).join(',') : ''}`
}

/** A value as it stands: `Prisma.skip` and the like leave a column out, and so give the call another shape. */
function isColumnValue({ kind, type }: Field, value: unknown): boolean {
  if (kind !== 'scalar' && kind !== 'enum') return false
  if (typeof value !== 'object' || value === null || type === 'Json') return true
  return value instanceof Date || ArrayBuffer.isView(value) || isDecimal(value)
}

/**
 * Whether the driver takes the value and reads it back. SQLite's refuse numbers that are infinite to a double or beyond 64
 * bits, and whole ones beyond 53 bits in a row that is stored: not by an error of the database, so that it would be the error of
 * every call of the INSERT.
 */
function isCarried({ provider }: Host, { type }: Field, value: unknown): boolean {
  if (provider !== 'sqlite' || value === null || !numbers.has(type)) return true
  return Math.abs(Number(value)) <= Number.MAX_SAFE_INTEGER
}

const numbers = new Set(['Int', 'BigInt', 'Float', 'Decimal'])
