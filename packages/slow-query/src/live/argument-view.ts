import { isDecimal, isPlain } from '@prisma-brisk/core'

/** Characters of JSON that the arguments of one call may take. */
const MAX_LENGTH = 4000
/** Members of a list that are shown, and levels. */
const SHOWN = 20
const DEEPEST = 12

/** Arguments as a hub may keep them: their values, or in place of each its kind; never a reference into the application. */
export function argumentView(args: unknown, showsValues: boolean): unknown {
  const view = viewOf(args, showsValues, 0)
  if (!showsValues) return view
  const text = JSON.stringify(view)
  return text.length <= MAX_LENGTH ? view : `${text.slice(0, MAX_LENGTH)}... (${text.length} characters)`
}

function viewOf(value: unknown, showsValues: boolean, depth: number): unknown {
  if (depth > DEEPEST) return '…'
  if (Array.isArray(value)) {
    // Members are of one kind: the first stands for all.
    if (!showsValues) return value.length === 0 ? [] : [viewOf(value[0], false, depth + 1), value.length]
    const shown = value.slice(0, SHOWN).map((each) => viewOf(each, true, depth + 1))
    return value.length > SHOWN ? [...shown, `… ${value.length - SHOWN} more`] : shown
  }
  if (isPlain(value))
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, each]) => each !== undefined)
        .map(([name, each]) => [name, viewOf(each, showsValues, depth + 1)]),
    )
  return showsValues ? valueOf(value) : kindOf(value)
}

function valueOf(value: unknown): unknown {
  if (typeof value === 'bigint' || isDecimal(value)) return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'object'
  return typeof value === 'function' || typeof value === 'symbol' ? typeof value : value
}

/** Whether a relation is included, or null is asked for, are no values. */
function kindOf(value: unknown): unknown {
  if (value === null || typeof value === 'boolean') return value
  if (value instanceof Date) return 'Date'
  if (ArrayBuffer.isView(value)) return 'Bytes'
  return typeof value
}
