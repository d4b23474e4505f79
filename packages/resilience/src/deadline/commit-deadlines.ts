import type { Call, ConnectionWatch, DriverTransaction } from '@prisma-brisk/core'
import type { Deadline } from './deadline.ts'

/**
 * The deadlines that hold for a COMMIT: those of the members of an array transaction, or that of the operation which
 * Prisma has opened a transaction for. The operations of an interactive one have ended by then.
 */
export class CommitDeadlines {
  private readonly groups = new WeakMap<object, Set<Deadline>>()

  /** A call begins; as a member of an array it ends with the array's COMMIT. */
  begins({ transaction }: Call, deadline: Deadline): void {
    if (transaction.kind === 'array') this.join(transaction, deadline)
  }

  /** A statement of the call runs in a transaction of the driver. */
  sends(transaction: DriverTransaction, deadline: Deadline): void {
    if (transaction.scope === null) this.join(transaction, deadline)
  }

  /** Watches the COMMIT of a transaction; null where nobody's time may pass meanwhile. */
  watch(transaction: DriverTransaction): ConnectionWatch | null {
    const group = this.groups.get(transaction.scope ?? transaction)
    return group === undefined || group.size === 0 ? null : new CommitWatch([...group])
  }

  private join(key: object, deadline: Deadline): void {
    let group = this.groups.get(key)
    if (group === undefined) this.groups.set(key, (group = new Set()))
    if (group.has(deadline)) return
    group.add(deadline)
    deadline.onEnd(() => group.delete(deadline))
  }
}

class CommitWatch implements ConnectionWatch {
  constructor(private readonly deadlines: readonly Deadline[]) {}

  taken(connection: object): void {
    for (const deadline of this.deadlines) deadline.commits(connection)
  }

  answered(connection: object): Promise<unknown> | null {
    const held = this.deadlines.flatMap((deadline) => deadline.answered(connection) ?? [])
    return held.length === 0 ? null : Promise.all(held)
  }
}
