import { callSiteOf } from '@prisma-brisk/core'
import type { OperationTrace } from './operation-trace.ts'

/** The call site costs 15–25 µs, so it is read only of calls that are slow or repeat. */
export function siteOf(trace: OperationTrace): string | null {
  return trace.call.callSite()
}

/**
 * The place that awaits what has just settled, from a stack made at that moment: V8 follows the promises up, through Prisma
 * where the call came that way; what lies below Prisma is ours, or a middleware's. Null where the promises lead nowhere.
 */
export function awaitingSiteOf(stack: string | undefined): string | null {
  // Behind it stands who began the interactive transaction.
  const lines = stack?.split(/^.*_transactionWithCallback/m, 1)[0]?.split('\n') ?? []
  const prisma = lines.findLastIndex((line) => /[/\\]@prisma[/\\]client[/\\]/.test(line))
  return callSiteOf(lines.slice(prisma + 1).join('\n'))
}
