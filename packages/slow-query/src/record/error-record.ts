import type { Statement } from '@prisma-brisk/core'
import type { ErrorRecord } from './records.ts'

/**
 * What may be logged of a failure. The driver's code is taken from the error itself or from the statement that
 * failed, because Prisma keeps it for some errors only.
 */
export function errorRecordOf(error: unknown, statements: readonly Statement[] | null): ErrorRecord {
  const name = error instanceof Error ? error.name : typeof error
  const code = textOf((error as { code?: unknown } | null)?.code)
  const driverCode =
    driverCodeOf(error) ??
    statements?.map((statement) => driverCodeOf(statement.error)).findLast((each) => each !== undefined)
  return {
    name,
    ...(code === undefined ? {} : { code }),
    ...(driverCode === undefined ? {} : { driverCode }),
  }
}

interface DriverCause {
  originalCode?: unknown
  code?: unknown
  kind?: unknown
  cause?: unknown
}

function driverCodeOf(error: unknown): string | undefined {
  const failure = error as { cause?: DriverCause; meta?: { driverAdapterError?: unknown } } | null | undefined
  if (failure?.meta?.driverAdapterError !== undefined) return driverCodeOf(failure.meta.driverAdapterError)
  const cause = failure?.cause
  if (typeof cause !== 'object' || cause === null) return undefined
  return textOf(cause.originalCode) ?? textOf(cause.code) ?? textOf(cause.kind)
}

/** Codes are short words; anything longer may be a message. */
function textOf(code: unknown): string | undefined {
  if (typeof code === 'number') return String(code)
  return typeof code === 'string' && /^[\w.-]{1,60}$/.test(code) ? code : undefined
}
