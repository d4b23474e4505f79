import { answered, runIdIn, type RedisCommand, type RedisPort } from './redis-port.ts'

/** A client of `redis` (node-redis) 5 or 6: `createClient`, `createClientPool`, `createCluster` or `createSentinel`. */
export interface NodeRedisClient {
  sendCommand(...args: never[]): Promise<unknown>
}

export function nodeRedisPort(client: NodeRedisClient): RedisPort {
  const shape = client as unknown as NodeRedisShape
  const isCluster = typeof shape.nodeClient === 'function' || Array.isArray(shape.masters)
  const isSentinel = typeof shape.getMasterNode === 'function'
  let hasBeenReady = shape.isReady === true
  shape.on?.('ready', () => (hasBeenReady = true))
  const isSingle = !isCluster && !isSentinel && typeof shape.isReady === 'boolean'
  const send = (command: RedisCommand): Promise<unknown> => {
    const args = [...command]
    if (isCluster) return shape.sendCommand(command[1], false, args)
    return isSentinel ? shape.sendCommand(false, args) : shape.sendCommand(args)
  }
  const call = async (command: RedisCommand): Promise<unknown> => asText(await send(command))
  return {
    isCluster,
    // A pool has several connections, and no `isReady`; a Sentinel client has a pool.
    isOrdered: isSingle,
    // Commands of one turn of the event loop travel together.
    send: (commands) => Promise.all(commands.map(call)),
    texts: isCluster
      ? (names) => Promise.all(names.map((name) => call(['get', name])))
      : (names) => call(['mget', ...names]) as Promise<readonly unknown[]>,
    async runIds() {
      if (!isCluster) return runIdIn(await call(['info', 'server']))
      const masters = (shape.masters ?? []) as readonly unknown[]
      const nodes = await answered(masters.map(async (master) => shape.nodeClient?.(master)))
      const infos = answered(nodes.map(async (node) => node?.sendCommand(['info', 'server'])))
      return (await infos).flatMap((info) => runIdIn(asText(info)))
    },
    isDown() {
      return isSingle && hasBeenReady && shape.isOpen === true && !shape.isReady
    },
    sendApart: isSingle
      ? async (commands) => {
          const socket = { ...shape.options?.socket, reconnectStrategy: false }
          const apart = shape.duplicate({ socket })
          apart.on?.('error', ignore)
          try {
            await apart.connect()
            await Promise.all(commands.map((command) => apart.sendCommand([...command])))
          } finally {
            if (apart.isOpen === true) apart.destroy()
          }
        }
      : null,
    onReconnect(listener) {
      let connected = shape.isReady === true || (isCluster && shape.isOpen === true)
      for (const event of isCluster ? ['node-ready', 'node-disconnect'] : ['ready', 'topology-change']) {
        shape.on?.(event, () => {
          if (connected) listener()
          else if (!isCluster) connected = true
        })
      }
      // A cluster's nodes become ready one after the other.
      if (isCluster && !connected) shape.on?.('connect', () => (connected = true))
    },
    publish: (channel, message) => call(['publish', channel, message]),
    async subscribe(channel, listener, state) {
      const subscriber = shape.duplicate()
      subscriber.on?.('error', () => state(false))
      subscriber.on?.('reconnecting', () => state(false))
      subscriber.on?.('end', () => state(false))
      await subscriber.connect()
      await subscriber.subscribe(channel, listener)
      subscriber.on?.('ready', () => state(true))
      state(true)
      return async () => {
        await subscriber.close().catch(ignore)
      }
    },
  }
}

interface NodeRedisShape {
  sendCommand(...args: unknown[]): Promise<unknown>
  on?(event: string, listener: () => void): unknown
  readonly isReady?: boolean
  readonly isOpen?: boolean
  readonly masters?: unknown
  nodeClient?(master: unknown): NodeRedisShape | Promise<NodeRedisShape>
  getMasterNode?: unknown
  readonly options?: { readonly socket?: object }
  duplicate(options?: object): NodeRedisShape
  destroy(): void
  connect(): Promise<unknown>
  close(): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
}

/** A client with `commandOptions.typeMapping` may give texts as Buffers. */
function asText(answer: unknown): unknown {
  if (Buffer.isBuffer(answer)) return answer.toString()
  return Array.isArray(answer) ? answer.map(asText) : answer
}

const ignore = (): void => undefined
