import { Call, type Args, type Dispatcher } from './call.ts'
import { noTransaction } from './call-transaction.ts'
import type { Host } from './host.ts'

/**
 * A call that stands for a value which no operation of Prisma answers: it has arguments and notes, and can ask the database, but
 * is sent nowhere itself.
 *
 * @param query sends parametrised SQL on the client
 */
export function computedCall(
  host: Host,
  operation: string,
  args: Args,
  query: (sql: string, values: readonly unknown[]) => Promise<unknown>,
): Call {
  const nowhere = async (): Promise<never> => {
    throw new TypeError(`prisma-brisk: ${operation} is no operation of Prisma`)
  }
  const dispatcher: Dispatcher = {
    dispatch: nowhere,
    transact: nowhere,
    send: (call, name, sent) => {
      if (name !== '$queryRawUnsafe') return nowhere()
      const [sql, ...values] = sent as unknown as [string, ...unknown[]]
      return query(sql, values)
    },
    callSiteStack: () => null,
    isShownByErrors: false,
    canRedirect: true,
    hooks: null,
    isLastExtension: true,
    hasForeignBehind: false,
    computedFields: () => [],
  }
  return new Call(host, null, operation, args, [], noTransaction, {}, dispatcher)
}
