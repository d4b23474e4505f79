import { judgeFailure, type Statement } from '@prisma-brisk/core'
import type { ErrorRecord } from './records.ts'

/**
 * What may be logged of a failure. The driver's code is taken from the error itself or from the statement that
 * failed, because Prisma keeps it for some errors only.
 */
export function errorRecordOf(error: unknown, statements: readonly Statement[] | null): ErrorRecord {
  const name = error instanceof Error ? error.name : typeof error
  const code = textOf((error as { code?: unknown } | null)?.code)
  const driverCode =
    judgeFailure(error).driverCode ??
    statements?.map((statement) => judgeFailure(statement.error).driverCode).findLast((each) => each !== null)
  return {
    name,
    ...(code === undefined ? {} : { code }),
    ...(driverCode == null ? {} : { driverCode }),
  }
}

/** Codes are short words; anything longer may be a message. */
function textOf(code: unknown): string | undefined {
  if (typeof code === 'number') return String(code)
  return typeof code === 'string' && /^[\w.-]{1,60}$/.test(code) ? code : undefined
}
