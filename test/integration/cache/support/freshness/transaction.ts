import type { PrismaClient } from '../../../../../prisma/generated/postgresql/client.ts'

/** Prisma 7.10 opens a savepoint for a transaction inside a transaction; its types do not say so yet. */
export function nested<R>(tx: object, work: (inner: PrismaClient) => Promise<R>): Promise<R> {
  return (tx as { $transaction(work: (inner: PrismaClient) => Promise<R>): Promise<R> }).$transaction(work)
}

/** What a transaction is left with on purpose. */
export function rolledBack(): Error {
  return Object.assign(new Error('rolled back'), { code: 'P2000' })
}
