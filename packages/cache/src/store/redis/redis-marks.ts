import { processName } from '@prisma-brisk/core'
import type { WriteMarks } from '../../cache-store.ts'
import type { RedisConnection } from './redis-connection.ts'
import type { RedisCommand } from './redis-port.ts'

/** The clocks of two processes may differ by as much. */
const TOLERANCE = 1_000

/** Tags that strict writers are about to invalidate: for each tag a sorted set of writers, by the end of their marks. */
export class RedisMarks implements WriteMarks {
  /** Whether look-ups have to ask for marks. */
  private isWatched = false
  private next = 1

  constructor(
    private readonly connection: RedisConnection,
    private readonly now: () => number,
    /** Commands that drop the stamps of tags. */
    private readonly dropping: (tags: readonly string[]) => readonly RedisCommand[],
  ) {}

  get areWatched(): boolean {
    return this.isWatched
  }

  watch(): void {
    this.isWatched = true
  }

  async set(tags: readonly string[], lifetime: number): Promise<string> {
    const writer = `${processName()}.${this.next++}`
    await this.renew(writer, tags, lifetime)
    return writer
  }

  /** Drops the stamps too: what was stored before it, or while it had lapsed, must not come back when the mark ends. */
  async renew(writer: string, tags: readonly string[], lifetime: number): Promise<void> {
    const { connection } = this
    const now = this.now()
    const marking = tags.flatMap((tag): RedisCommand[] => [
      ['zadd', marksOf(tag), String(now + lifetime), writer],
      ['zremrangebyscore', marksOf(tag), '-inf', `(${now - TOLERANCE}`],
      ['pexpire', marksOf(tag), String(lifetime + TOLERANCE)],
    ])
    // The marks come first, see below.
    if (connection.port.isOrdered) return void (await connection.send([...marking, ...this.dropping(tags)]))
    await connection.send(marking)
    await connection.send(this.dropping(tags))
  }

  async remove(writer: string, tags: readonly string[]): Promise<void> {
    await this.connection.send(tags.map((tag): RedisCommand => ['zrem', marksOf(tag), writer]))
  }

  /** Read after the stamps: a writer marks first, then drops the stamps, so one of the two is always seen. */
  async marked(tags: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    if (!this.isWatched) return NONE
    const list = [...tags]
    const now = String(this.now() - TOLERANCE)
    const counts = await this.connection.send(
      list.map((tag): RedisCommand => ['zcount', marksOf(tag), now, '+inf']),
    )
    return new Set(list.filter((_, index) => Number(counts[index]) > 0))
  }
}

const NONE: ReadonlySet<string> = new Set()

function marksOf(tag: string): string {
  return `${tag}:marks`
}
