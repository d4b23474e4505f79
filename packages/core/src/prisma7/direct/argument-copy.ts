import { types } from 'node:util'
import type { Args } from '../../pipeline/call.ts'
import { isPlain } from '../../operation/prisma-value.ts'
import { copyBytes } from '../../operation/value-copy.ts'

/** Where {@link copyArguments} meets what it leaves to Prisma. */
export class UncommonArgument extends Error {}

/** One for all: its stack is never read, and is costly to make. */
const uncommon = new UncommonArgument()

/**
 * The deep copy of arguments that Prisma makes for a query hook, for arguments of plain objects, arrays, dates, bytes and
 * values that cannot change.
 *
 * @throws UncommonArgument where there is anything else (`Prisma.DbNull`, a field, a Decimal or what has its methods, an
 * object of a class, one that contains itself): Prisma knows best what becomes of it
 */
export function copyArguments(args: Args): Args {
  if (!isPlain(args)) throw uncommon
  return copyKeys(args, 0)
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value === 'function') throw uncommon
  if (typeof value !== 'object' || value === null) return value
  if (depth > DEEPEST) throw uncommon
  if (Array.isArray(value)) return copyItems(value, depth)
  if (isPlain(value)) return copyKeys(value, depth)
  if (types.isDate(value)) return new Date(+value)
  if (types.isUint8Array(value)) return copyBytes(value)
  throw uncommon
}

const DEEPEST = 100

function copyItems(items: readonly unknown[], depth: number): unknown[] {
  const copies: unknown[] = []
  for (let index = 0; index < items.length; index++) copies.push(copy(items[index], depth + 1))
  return copies
}

function copyKeys(value: Args, depth: number): Args {
  const copies: Record<string, unknown> = {}
  for (const key in value) {
    if (key === '__proto__') throw uncommon
    copies[key] = copy(value[key], depth + 1)
  }
  return copies
}
