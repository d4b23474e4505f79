import { sendApart, type Args, type Call, type Next } from '@prisma-brisk/core'
import type { DriverLimits } from '../pushdown/driver-limits.ts'
import { newPlanFor } from '../pushdown/limit-plan.ts'
import { isTooLong } from './enforcement.ts'

/** The limits of lists that the arguments of a call do not show; stripped before Prisma sees it. */
export const LISTS = 'briskLists'

/**
 * The answer to a read, or that of the same read with its bounds left to the driver. Prisma splits a filter of more values
 * than one statement may bind, and the keys of more parents, but not together with a `take` or an order that stand for a
 * bound: it refuses the call then, and has sent nothing of what is too long.
 *
 * @param argsAgain arguments without what keeps Prisma from splitting
 */
export async function orSplit(
  call: Call,
  next: Next,
  answer: Promise<unknown>,
  driver: DriverLimits,
  argsAgain: () => Args,
): Promise<unknown> {
  try {
    return await answer
  } catch (error) {
    if (!isTooLong(error) || !maySendAgain(call) || !driver.isLimiting) throw error
  }
  const plan = newPlanFor(call)
  const args = argsAgain()
  // What is cached and merged by arguments must show the limits.
  return next(call.withArgs({ ...args, [LISTS]: plan.unorderedLimits() }))
}

/**
 * Prisma's word on a call that it finds invalid shows the arguments: those that the caller wrote are given to it, and nothing
 * is sent should it find nothing wrong with them.
 */
export async function asWritten(call: Call, driver: DriverLimits, error: Error): Promise<never> {
  if (!maySendAgain(call) || !driver.isObserved || call.hasForeignBehind) throw error
  newPlanFor(call).isRefusing = true
  delete call.notes.bound
  // By itself: in a batch of Prisma's own, others would fail with it.
  const word: unknown = await sendApart(() => call.dispatch()).catch((own: unknown) => own)
  throw isInvalid(word) ? word : error
}

/** Whether an error is Prisma's, of arguments that no statement was made of. */
export function isInvalid(error: unknown): error is Error {
  return error instanceof Error && error.name === 'PrismaClientValidationError'
}

/** Members of an array transaction are sent exactly once. */
function maySendAgain({ transaction: { kind } }: Call): boolean {
  return kind === 'none' || kind === 'interactive'
}
