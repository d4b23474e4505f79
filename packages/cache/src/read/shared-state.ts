import type { Call, Host } from '@prisma-brisk/core'
import type { GuardedStore } from '../availability/guarded-store.ts'
import type { CacheStore } from '../cache-store.ts'
import { askDatabaseName } from '../key/database-name.ts'
import { ReadReport } from '../report/read-report.ts'
import { Statistics } from '../report/statistics.ts'
import { memoryStore } from '../store/memory-store.ts'
import type { Flight } from './single-flight.ts'

/** What all clients extended from one base client share. */
export class SharedState {
  readonly flights = new Map<string, Flight>()
  /** The keys that are being refreshed. */
  readonly refreshing = new Set<string>()
  /** Entries on their way to the store. */
  readonly fills = new Set<Promise<unknown>>()
  readonly stats = new Statistics()
  readonly report = new ReadReport(this.stats)
  readonly stores = new Set<GuardedStore>()
  private store: CacheStore | null = null
  private database: Promise<string | null> | null = null

  static of(host: Host): SharedState {
    return host.state(SHARED, () => new SharedState(host))
  }

  private constructor(host: Host) {
    host.onDisconnect(() => this.flush())
  }

  defaultStore(): CacheStore {
    this.store ??= memoryStore()
    return this.store
  }

  askDatabase(call: Call): Promise<string | null> {
    this.database ??= askDatabaseName(call).then((name) => {
      if (name === null) this.database = null
      return name
    })
    return this.database
  }

  /** Before the client disconnects: entries on their way are stored, and what could not be invalidated is tried again. */
  private async flush(): Promise<void> {
    await Promise.all(this.fills)
    await Promise.all([...this.stores].map((store) => store.flushJournal()))
  }
}

const SHARED = Symbol('prisma-brisk cache')
