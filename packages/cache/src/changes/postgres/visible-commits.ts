import { realTimers } from '@prisma-brisk/core'

/** A transaction whose COMMIT has been read from the log. */
export interface LoggedCommit {
  /** Its number, of 32 bits. */
  readonly xid: number
  /** @param transaction its number of 64 bits, as `txid_current()` has it */
  visible(transaction: string): void
}

/** Milliseconds between two questions. */
const SPACING = 5

/**
 * Holds commits back until every read that begins sees them. PostgreSQL writes a COMMIT to its log, from where it is
 * sent to us at once, and makes it visible afterwards: microseconds later, or when a synchronous standby has answered.
 * A read in between would be cached, old, after its entry was invalidated.
 */
export class VisibleCommits {
  private waiting: LoggedCommit[] = []
  private isAsking = false

  constructor(
    /** Sends `SELECT pg_current_snapshot()`, and answers its text. */
    private readonly snapshot: () => Promise<string>,
    private readonly failed: (error: unknown) => void,
  ) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0
  }

  add(commit: LoggedCommit): void {
    this.waiting.push(commit)
    if (!this.isAsking) void this.ask()
  }

  clear(): void {
    this.waiting = []
  }

  private async ask(): Promise<void> {
    this.isAsking = true
    try {
      while (this.waiting.length > 0) {
        this.tell(readSnapshot(await this.snapshot()))
        // While it is busy, one question serves many commits.
        await new Promise<void>((resolve) => realTimers.setTimeout(resolve, SPACING).unref())
      }
    } catch (error) {
      this.failed(error)
    } finally {
      this.isAsking = false
    }
  }

  /** In the order of their commits: what is told proves that all before it has been. */
  private tell(snapshot: Snapshot): void {
    let told = 0
    for (const commit of this.waiting) {
      const number = widened(commit.xid, snapshot.xmax)
      if (!isVisible(number, snapshot)) break
      told++
      commit.visible(number.toString())
    }
    this.waiting = this.waiting.slice(told)
  }
}

interface Snapshot {
  readonly xmin: bigint
  readonly xmax: bigint
  readonly running: ReadonlySet<string>
}

function readSnapshot(text: string): Snapshot {
  const [xmin = '', xmax = '', running = ''] = text.split(':')
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), running: new Set(running.split(',')) }
}

const isVisible = (number: bigint, { xmin, xmax, running }: Snapshot): boolean =>
  number < xmin || (number < xmax && !running.has(number.toString()))

const TURN = 1n << 32n

/** The number of 64 bits that is nearest to another one. */
function widened(xid: number, near: bigint): bigint {
  const number = (near & ~(TURN - 1n)) | BigInt(xid)
  if (number > near + TURN / 2n && number >= TURN) return number - TURN
  return number + TURN / 2n < near ? number + TURN : number
}
