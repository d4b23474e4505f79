import type { ReservedNames } from '../../cache-store.ts'
import { StoreReplyError, StoreUnusableError } from '../../errors.ts'
import type { RedisCommand, RedisPort } from './redis-port.ts'

/**
 * A server that may be relied on: it takes writes, and it is the one whose stamps we know, not one that has come back
 * with what it had some time ago. Both are found out before the first command, and again after each reconnect.
 */
export class RedisConnection {
  private readonly namespaces: ReservedNames[] = []
  /** Counts connections, so that what was found out on one is not taken for true on the next. */
  private epoch = 1
  private provenEpoch = 0
  private proving: Promise<void> | null = null
  /** A server in cluster mode behind a plain client: it takes no command with keys of several slots. */
  private isSharded = false
  private readonly warned = new Set<string>()

  /** @param reconnected called back when the server may be another one than before */
  constructor(
    readonly port: RedisPort,
    reconnected: () => void,
  ) {
    port.onReconnect(() => {
      this.epoch++
      reconnected()
    })
  }

  /** Whether this connection has been seen to be relied on. */
  get isProven(): boolean {
    return this.provenEpoch === this.epoch
  }

  /** Whether commands must name one key each. */
  get isPerKey(): boolean {
    return this.port.isCluster || this.isSharded
  }

  useNames(names: ReservedNames): void {
    if (this.namespaces.some(({ everything }) => everything === names.everything)) return
    this.namespaces.push(names)
    this.epoch++
  }

  /** Sends commands together and gives their answers in order. */
  async send(commands: readonly RedisCommand[]): Promise<unknown[]> {
    try {
      while (!this.isProven) await (this.proving ??= this.prove().finally(() => (this.proving = null)))
      return await this.sendNow(commands)
    } catch (error) {
      throw this.failure(error)
    }
  }

  /** Whether the connection is down, and another one can be made. */
  get isDown(): boolean {
    return this.port.isDown() && this.port.sendApart !== null
  }

  /** Sends commands over a connection of their own. */
  async sendApart(commands: readonly RedisCommand[]): Promise<void> {
    try {
      await this.port.sendApart?.(this.isPerKey ? commands.flatMap(perKey) : commands)
    } catch (error) {
      throw this.failure(error)
    }
  }

  /** The error of a command, or of {@link RedisPort.texts}, as the cache knows it; says once what the server has said. */
  failure(error: unknown): unknown {
    const words = messageOf(error)
    if (!REPLY.test(words) || error instanceof StoreReplyError) return error
    const [word = ''] = words.split(' ')
    if (!this.warned.has(word)) {
      this.warned.add(word)
      // What stands behind may be the caller's data.
      const [said] = words.split(/, with args|\n/)
      process.emitWarning(
        `prisma-brisk: the cache's Redis answered "${said}". It is there, but refuses what the cache needs; until that is mended ` +
          'reads go to the database, and invalidations are kept in this process.',
        { type: 'PrismaBriskWarning', code: 'W_CACHE_STORE_REFUSED' },
      )
    }
    const reason = `Redis answered ${word}`
    return UNUSABLE.has(word)
      ? new StoreUnusableError(reason, { cause: error })
      : new StoreReplyError(reason, { cause: error })
  }

  private async sendNow(commands: readonly RedisCommand[]): Promise<unknown[]> {
    if (this.isPerKey) return this.sendPerKey(commands)
    try {
      return await this.port.send(commands)
    } catch (error) {
      if (!messageOf(error).startsWith('CROSSSLOT')) throw error
      this.isSharded = true
      return this.sendPerKey(commands)
    }
  }

  /** `mget` and `del`, the only commands with several keys, as one command a key. */
  private async sendPerKey(commands: readonly RedisCommand[]): Promise<unknown[]> {
    const parts = commands.map(perKey)
    const answers = await this.port.send(parts.flat())
    let at = 0
    return commands.map(([name], index) => {
      const own = answers.slice(at, (at += parts[index]?.length ?? 0))
      return name === 'mget' || name === 'del' ? own : own[0]
    })
  }

  private async prove(): Promise<void> {
    const { epoch } = this
    const runs = await this.port.runIds().catch((error: unknown) => this.unknownRuns(error))
    for (const names of this.namespaces) {
      await this.proveWritable(names.probe)
      for (const run of runs) await this.proveKnown(run, names)
    }
    if (this.namespaces.length === 0) await this.proveWritable('brisk:probe')
    this.provenEpoch = epoch
  }

  /** A replica would answer reads, and know of no invalidation. */
  private async proveWritable(probe: string): Promise<void> {
    try {
      await this.sendNow([['set', probe, '1', 'PX', '1000']])
    } catch (error) {
      // A full server still takes invalidations.
      if (!messageOf(error).startsWith('OOM')) throw error
      this.failure(error)
    }
  }

  /**
   * A run of a server that nobody has seen in this namespace may have begun with a snapshot, or as a replica that had not
   * heard everything: what was invalidated since is valid again there. So everything is invalidated, before anybody can
   * take the run for known.
   */
  private async proveKnown(run: string, { everything, servers }: ReservedNames): Promise<void> {
    const [isKnown] = await this.sendNow([['sismember', servers, run]])
    if (Number(isKnown) === 1) return
    await this.sendNow([['del', everything]])
    await this.sendNow([['sadd', servers, run]])
  }

  private unknownRuns(error: unknown): readonly string[] {
    if (!REPLY.test(messageOf(error))) throw error
    if (!this.warned.has('INFO')) {
      this.warned.add('INFO')
      process.emitWarning(
        'prisma-brisk: Redis does not answer INFO to the cache, which therefore cannot tell whether a server has come back with an ' +
          'old snapshot. Allow the command, or switch persistence off (`save ""`, `appendonly no`).',
        { type: 'PrismaBriskWarning', code: 'W_CACHE_RUN_UNKNOWN' },
      )
    }
    return []
  }
}

function perKey([name, ...args]: RedisCommand): readonly RedisCommand[] {
  if (name === 'mget') return args.map((key) => ['get', key])
  return name === 'del' ? args.map((key) => ['del', key]) : [[name, ...args]]
}

/** What begins with a word in capitals, a server has said; drivers do not speak so. */
const REPLY = /^(?!E[A-Z]{4,} )[A-Z]{2,}( |$)/

/** Answers of a server that reads but does not write, or does not know its data. */
const UNUSABLE = new Set([
  'READONLY',
  'MASTERDOWN',
  'LOADING',
  'NOAUTH',
  'WRONGPASS',
  'NOPERM',
  'MISCONF',
  'MOVED',
  // Of an endpoint that speaks HTTP: a refused token, a limit, a page.
  'HTTP',
])

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
