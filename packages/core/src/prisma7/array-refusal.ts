/**
 * Members of an array transaction wait for each other inside Prisma, on one lock. Where a middleware refuses one
 * of them, the others would wait for ever; they are rejected with the same error instead, and nothing is sent.
 */
export interface ArrayRefusal {
  /** Set once a member was refused. */
  error: { reason: unknown } | undefined
  /** Rejects when a member is refused; never resolves. */
  readonly refused: Promise<never>
  refuse(reason: unknown): void
}

const refusals = new WeakMap<object, ArrayRefusal>()

/** The refusal of the transaction whose members share `lock`. */
export function refusalOf(lock: object): ArrayRefusal {
  const known = refusals.get(lock)
  if (known !== undefined) return known
  let reject: (reason: unknown) => void = () => undefined
  const refused = new Promise<never>((_, rejectRefused) => (reject = rejectRefused))
  refused.catch(() => undefined)
  const refusal: ArrayRefusal = {
    error: undefined,
    refused,
    refuse(reason) {
      refusal.error ??= { reason }
      reject(reason)
    },
  }
  refusals.set(lock, refusal)
  return refusal
}
