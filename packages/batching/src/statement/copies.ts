import { isPlain, valueCopier } from '@prisma-brisk/core'

/** A deep copy of an answer: callers own what they get, and may change it. */
export const copyOf = valueCopier((value) => structuredClone(value))

/** A copy of an error for another caller, so that neither sees what the other adds to it. */
export function copyOfError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const copy = Object.create(
    Object.getPrototypeOf(error) as object,
    Object.getOwnPropertyDescriptors(error),
  ) as Error & { meta?: unknown }
  if (isPlain(copy.meta)) copy.meta = { ...copy.meta }
  return copy
}
