import { realTimers } from '@prisma-brisk/core'
import type { TableChange } from '../change-source.ts'
import { ChangesError } from '../errors.ts'

/** Tables of which every change is told. */
export interface WatchedTables {
  /** As `schema.table`; the table alone where the database has no schemas. */
  readonly tables: ReadonlySet<string>
  /** Equal text: nothing has been missed between two askings. */
  readonly signature: string
}

/** Who is told what a connection hears. */
export interface ChangeHearer {
  changed(change: TableChange | null): void
  /** Why it takes longer to begin than it should; it goes on trying. */
  delayed(error: Error): void
  /** Called at most once; the connection tells nothing from then on. */
  failed(error: Error): void
}

/** One connection that hears of changes, until it fails or is ended. */
export interface ChangeConnection {
  /**
   * Connects; from its end on every change of the tables is told.
   *
   * @throws ChangesError
   */
  begin(): Promise<WatchedTables>
  /** A sign of life: it must have come back, on the way of the changes, within `patience` milliseconds. */
  beat(patience: number): Promise<{ readonly lag: number; readonly watched: WatchedTables }>
  end(): Promise<void>
}

/** Milliseconds in which a server answers, or counts as unreachable. */
export const PATIENCE = 5000

export const lost = (why = 'its connection has ended'): ChangesError =>
  new ChangesError('E_CHANGES_LOST', `The connection that listens for changes is lost: ${why}.`, '')

/** What a promise comes to, or an error where it takes too long. */
export async function within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof realTimers.setTimeout> | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = realTimers.setTimeout(() => {
      // What has arrived while the event loop was blocked is in time.
      realTimers.setImmediate(() => realTimers.setImmediate(() => reject(late())))
    }, ms)
  })
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    realTimers.clearTimeout(timer)
  }
}
