import type { HookInput, InternalParams } from './redirect.ts'

/** Runs `run` in a new interactive transaction, described as hooks get it; rolled back if `run` fails. */
export type OpenTransaction = <T>(
  run: (transaction: InternalParams['transaction']) => Promise<T>,
) => Promise<T>

/**
 * Transactions of our own on a base client, so that nobody's hooks see them. What Prisma calls such a transaction is
 * learnt from a hook on a statement that is never sent.
 */
export function transactionsOf(base: object): OpenTransaction {
  let learner: Learner | null = null
  const query = {
    $queryRaw: ({ __internalParams }: HookInput) => Promise.resolve(__internalParams?.transaction),
  }
  return (run) => {
    learner ??= (base as Learner).$extends({ query })
    return learner.$transaction(async (tx) => run(await tx.$queryRaw`SELECT 1`))
  }
}

interface Learner {
  $extends(extension: object): Learner
  $transaction<T>(
    run: (tx: {
      $queryRaw(text: TemplateStringsArray): Promise<InternalParams['transaction']>
    }) => Promise<T>,
  ): Promise<T>
}
