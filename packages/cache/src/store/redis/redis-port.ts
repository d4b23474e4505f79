/**
 * A Redis command with its arguments; the first argument is its key. Names are lower case: ioredis before 5.9 puts its
 * `keyPrefix` before the keys of no others.
 */
export type RedisCommand = readonly [name: string, ...args: string[]]

/** What the store needs of a Redis client, whichever it is. */
export interface RedisPort {
  /** Keys lie on several servers: commands name one key each, and order holds for one key only. */
  readonly isCluster: boolean
  /** Commands that are sent together take effect in their order, whatever their keys: they share one connection. */
  readonly isOrdered: boolean
  /** Sends commands together and gives their answers in order; the first error of any rejects. */
  send(commands: readonly RedisCommand[]): Promise<unknown[]>
  /** The texts under these names, in one round trip and with one promise. */
  texts(names: readonly string[]): Promise<readonly unknown[]>
  /** A name for each run of each server that holds keys; of those that do not answer there is none. */
  runIds(): Promise<readonly string[]>
  /** Whether the connection was up and is not: the client will connect again in its own time. */
  isDown(): boolean
  /** Sends commands over a connection of their own, which is ended then; null where the client cannot be copied. */
  readonly sendApart: ((commands: readonly RedisCommand[]) => Promise<unknown>) | null
  /** Calls back when a connection came back, or servers came or went. */
  onReconnect(listener: () => void): void
  publish(channel: string, message: string): Promise<unknown>
  /** Listens on a connection of its own; `state` tells whether it is up. The returned function ends it. Null where none can be had. */
  readonly subscribe:
    | ((
        channel: string,
        listener: (message: string) => void,
        state: (isUp: boolean) => void,
      ) => Promise<() => Promise<void>>)
    | null
}

/** The `run_id` in what `INFO server` answers. */
export function runIdIn(info: unknown): string[] {
  const [, id] = /^run_id:(\w+)/m.exec(String(info)) ?? []
  return id === undefined ? [] : [id]
}

/** What is there of some answers, where others have failed; an error where all have. */
export async function answered<T>(answers: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(answers)
  const values = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const failed = settled.find((each) => each.status === 'rejected')
  if (values.length === 0 && failed !== undefined) throw failed.reason
  return values
}
