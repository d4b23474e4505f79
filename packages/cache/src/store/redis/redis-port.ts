/** A Redis command with its arguments; the first argument is its key. */
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
  /** Calls back when a connection came back, or servers came or went. */
  onReconnect(listener: () => void): void
  publish(channel: string, message: string): Promise<unknown>
  /** Listens on a connection of its own; `state` tells whether it is up. The returned function ends it. */
  subscribe(
    channel: string,
    listener: (message: string) => void,
    state: (isUp: boolean) => void,
  ): Promise<() => Promise<void>>
}
