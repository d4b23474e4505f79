import { AsyncLocalStorage } from 'node:async_hooks'
import type { Call } from '../pipeline/call.ts'

/** The call whose statements are being sent; seen by everything the driver does on its behalf. */
export const currentCall = new AsyncLocalStorage<Call>()
