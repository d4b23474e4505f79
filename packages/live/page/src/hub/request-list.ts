import type { HubStatus, RequestRow } from '../../../src/index.ts'
import { Value } from '../state/value.ts'
import { ask, HubError } from './hub.ts'

/** - `refused`: another hub, or none of this cookie, answers at the address */
export type Connection = 'connecting' | 'live' | 'lost' | 'refused'

/** Milliseconds until a hub that is gone is looked for again. */
const RETRY_MS = 1000
/** Milliseconds in which changes are drawn together. */
const DRAW_MS = 16

/** The requests of the hub as they come, youngest first. */
class RequestList {
  readonly rows = new Value<readonly RequestRow[]>([])
  readonly connection = new Value<Connection>('connecting')
  readonly status = new Value<HubStatus | null>(null)
  readonly isPaused = new Value(false)
  /** Requests that came while it was paused. */
  readonly waiting = new Value(0)
  /** Oldest first, as the hub has them. */
  private shown = new Map<string, RequestRow>()
  /** What came while the page was paused, or while the list was being read. */
  private held = new Map<string, RequestRow>()
  /** Processes whose requests were shown. */
  private readonly pids = new Set<number>()
  private isReading = false
  private timer: ReturnType<typeof setTimeout> | null = null

  open(): void {
    const events = new EventSource('api/events')
    events.addEventListener('open', () => void this.read())
    events.addEventListener('request', ({ data }) => this.put(JSON.parse(data as string) as RequestRow))
    events.addEventListener('dropped', ({ data }) => {
      const { ids, dropped } = JSON.parse(data as string) as { ids: string[]; dropped: number }
      for (const id of ids) this.shown.delete(id)
      const status = this.status.get()
      if (status !== null) this.status.set({ ...status, dropped })
      this.drawSoon()
    })
    events.addEventListener('cleared', () => this.empty())
    events.addEventListener('error', () => {
      // A refusal ends the stream for good, a hub that is gone does not.
      if (events.readyState === EventSource.CLOSED) {
        events.close()
        setTimeout(() => this.open(), RETRY_MS)
      }
      void this.lookForHub()
    })
  }

  pause(): void {
    this.isPaused.set(true)
  }

  resume(): void {
    this.isPaused.set(false)
    this.waiting.set(0)
    this.takeHeld()
  }

  async clear(): Promise<void> {
    await ask('api/requests', { method: 'DELETE' })
    this.empty()
  }

  private async lookForHub(): Promise<void> {
    try {
      await ask('api')
      this.connection.set('connecting')
    } catch (error) {
      this.connection.set(error instanceof HubError && error.status === 401 ? 'refused' : 'lost')
    }
  }

  /** Everything again: a stream that begins anew does not say what was missed. */
  private async read(): Promise<void> {
    this.isReading = true
    try {
      const { rows, ...status } = await ask<HubStatus & { rows: RequestRow[] }>('api/requests?limit=1000000')
      this.shown = new Map(rows.reverse().map((row) => [row.id, row]))
      this.status.set(status)
      for (const { pid } of this.shown.values()) this.pids.add(pid)
      this.connection.set('live')
    } catch {
      this.connection.set('lost')
    }
    this.isReading = false
    if (!this.isPaused.get()) this.takeHeld()
    this.draw()
  }

  private put(row: RequestRow): void {
    if (this.isReading || this.isPaused.get()) {
      this.held.set(row.id, row)
      let fresh = 0
      for (const id of this.held.keys()) if (!this.shown.has(id)) fresh++
      if (this.isPaused.get()) this.waiting.set(fresh)
      return
    }
    this.shown.set(row.id, row)
    if (!this.pids.has(row.pid)) void this.readStatus(row.pid)
    this.drawSoon()
  }

  /** A process reports that was not there before. */
  private async readStatus(pid: number): Promise<void> {
    this.pids.add(pid)
    try {
      this.status.set(await ask<HubStatus>('api'))
    } catch {
      this.pids.delete(pid)
    }
  }

  private takeHeld(): void {
    for (const [id, row] of this.held) this.shown.set(id, row)
    this.held.clear()
    this.draw()
  }

  private empty(): void {
    this.shown.clear()
    this.held.clear()
    this.waiting.set(0)
    this.draw()
  }

  private drawSoon(): void {
    this.timer ??= setTimeout(() => this.draw(), DRAW_MS)
  }

  private draw(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    this.rows.set([...this.shown.values()].reverse())
  }
}

export const requestList = new RequestList()
