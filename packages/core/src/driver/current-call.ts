import { AsyncLocalStorage } from 'node:async_hooks'
import type { Call } from '../pipeline/call.ts'
import { TransactionScope } from '../transaction/transaction-registry.ts'

/** The call whose statements are being sent; seen by everything the driver does on its behalf. */
export const currentCall = new AsyncLocalStorage<Call>()

/** The call that sends; of an array transaction, whose members share one context, the member whose turn it is. */
export function runningCall(): Call | undefined {
  const call = currentCall.getStore()
  const { transaction } = call ?? {}
  return transaction instanceof TransactionScope ? (transaction.runningMember ?? call) : call
}
