import {
  checkOptions,
  finite,
  integer,
  judgeFailure,
  InvalidOptionsError,
  text,
  type Host,
  type TransactionOf,
} from '@prisma-brisk/core'
import { NestedRetryError } from '../errors.ts'
import type { RetryOptions } from '../options.ts'
import { pauseAfter } from './back-off.ts'
import { budgetOf } from './retry-budget.ts'

/** Options of {@link RetryTransaction}: Prisma's own, which hold for each attempt, and when to try again. */
export interface RetryTransactionOptions extends RetryOptions {
  /** `Serializable`, `RepeatableRead`, …; default: the database's. */
  readonly isolationLevel?:
    'ReadUncommitted' | 'ReadCommitted' | 'RepeatableRead' | 'Snapshot' | 'Serializable' | undefined
  /** Milliseconds that one attempt may take; Prisma's default is 5,000. */
  readonly timeout?: number | undefined
  /** Milliseconds that one attempt may wait for a connection; Prisma's default is 2,000. */
  readonly maxWait?: number | undefined
}

/** The client that an interactive transaction of `Client` hands out. */
export type TransactionClientOf<Client> = Omit<TransactionOf<Client>, '$retryTransaction'>

/**
 * `prisma.$retryTransaction(run, options)`: an interactive transaction that is run again as a whole, from its first
 * statement, where the database has undone it because of others: a conflict of serialization (40001, P2034), a deadlock
 * (40P01, 1213), a lock that was not given in time (1205). Between attempts it pauses for a random time, at most `baseDelay` (50 ms)
 * first and then twice as long each time, up to `maxDelay` (2 s); after `attempts` (3) it fails as the last one did. All
 * other errors, those of your own code too, are thrown at once, and so is one of which nobody knows whether COMMIT came through.
 *
 * `run` may be called several times: what it does beside the database (mails, queues, variables outside) happens as often.
 * Retries stay within a tenth of the traffic, as those of single operations do.
 *
 * @throws InvalidOptionsError where `run` is no function or an option is wrong
 * @throws NestedRetryError within another transaction, which the database would have undone too
 * @example
 * const order = await prisma.$retryTransaction(
 *   async (tx) => {
 *     const { stock } = await tx.product.findUniqueOrThrow({ where: { id } })
 *     if (stock === 0) throw new SoldOutError()
 *     await tx.product.update({ where: { id }, data: { stock: stock - 1 } })
 *     return tx.order.create({ data: { productId: id } })
 *   },
 *   { isolationLevel: 'Serializable', attempts: 5 },
 * )
 */
export interface RetryTransaction {
  <Client extends object, Result>(
    this: Client,
    run: (tx: TransactionClientOf<Client>) => Promise<Result>,
    options?: RetryTransactionOptions,
  ): Promise<Result>
}

interface Transacting {
  $transaction?(run: (tx: never) => Promise<unknown>, options: object): Promise<unknown>
  readonly [scope: symbol]: unknown
}

/** How Prisma marks the client of an interactive transaction. */
const SCOPE = Symbol.for('prisma.client.transaction.scope_context')

/** Makes the method of clients of a base client. */
export function retryTransactionOf(host: Host): RetryTransaction {
  const retryTransaction = async function (
    this: Transacting,
    run: (tx: never) => Promise<unknown>,
    options: RetryTransactionOptions = {},
  ): Promise<unknown> {
    const { attempts = 3, baseDelay = 50, maxDelay = 2000, ...own } = checked(run, options)
    if (typeof this.$transaction !== 'function' || this[SCOPE] !== undefined) throw new NestedRetryError()
    const budget = budgetOf(host)
    budget.operation()
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.$transaction(run, own)
      } catch (error) {
        if (attempt >= attempts || !isUndone(error) || !budget.take()) throw error
      }
      await pauseAfter(attempt, { baseDelay, maxDelay })
    }
  }
  return retryTransaction as never
}

/** Whether the database has undone the transaction because of others. */
function isUndone(error: unknown): boolean {
  const { reason } = judgeFailure(error)
  return reason === 'conflict' || reason === 'lock'
}

function checked(run: unknown, options: RetryTransactionOptions): RetryTransactionOptions {
  if (typeof run !== 'function')
    throw new InvalidOptionsError(
      '$retryTransaction',
      'a function of the transaction',
      run,
      'A list of promises cannot be sent again: write async (tx) => …',
    )
  const milliseconds = finite({ above: 0, max: 2 ** 31 - 1 })
  checkOptions('$retryTransaction', options, {
    attempts: integer({ min: 1, max: 20 }),
    baseDelay: milliseconds,
    maxDelay: milliseconds,
    isolationLevel: text,
    timeout: milliseconds,
    maxWait: milliseconds,
  })
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
