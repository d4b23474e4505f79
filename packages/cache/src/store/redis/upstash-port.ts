import { runIdIn, type RedisCommand, type RedisPort } from './redis-port.ts'

/** A client of `@upstash/redis`: `new Redis({ url, token })`. Whether it deserialises or pipelines by itself does not matter. */
export interface UpstashClient {
  pipeline(): unknown
  multi(): unknown
  exec(command: [command: string, ...args: (string | number | boolean)[]]): Promise<unknown>
}

/** Null for a client of a version that hides what it sends with. */
export function upstashPort(given: UpstashClient): RedisPort | null {
  // Its methods take values for JSON; what they are built on does not.
  const { client } = given as unknown as { readonly client?: UpstashRequester }
  if (typeof client?.request !== 'function') return null
  const send = async (commands: readonly RedisCommand[]): Promise<unknown[]> => {
    const answers = await client.request({ path: ['pipeline'], body: commands }).catch(asSaid)
    if (!Array.isArray(answers)) throw new Error('HTTP 200 without answers')
    return (answers as readonly UpstashAnswer[]).map(({ result, error }) => {
      if (typeof error === 'string') throw new Error(error)
      return result
    })
  }
  return {
    isCluster: false,
    // Of one request; requests overtake each other.
    isOrdered: true,
    send,
    texts: async (names) => {
      const [texts] = await send([['mget', ...names]])
      return texts as readonly unknown[]
    },
    async runIds() {
      const [info] = await send([['info', 'server']])
      return runIdIn(info)
    },
    // There is no connection that could be down or come back.
    isDown: () => false,
    sendApart: null,
    onReconnect: () => undefined,
    publish: (channel, message) => send([['publish', channel, message]]),
    subscribe: null,
  }
}

interface UpstashRequester {
  request(request: { readonly path: readonly string[]; readonly body: unknown }): Promise<unknown>
}

interface UpstashAnswer {
  readonly result?: unknown
  readonly error?: unknown
}

/**
 * What the other side has said, without the commands, which the client's own errors repeat. Where it was not Redis who
 * spoke it begins with `HTTP`: a refused token, a limit, a page of HTML.
 */
function asSaid(error: unknown): never {
  const { name, message } = error as Error
  if (name === 'UpstashJSONParseError') throw new Error('HTTP answer that is no JSON')
  if (name !== 'UpstashError') throw error
  const [said = ''] = message.split(', command was: ')
  throw new Error(REPLY.test(said) && !LIMIT.test(said) ? said : `HTTP error "${said.slice(0, 100)}"`)
}

/** A Redis that answers, behind the endpoint. */
const REPLY = /^[A-Z]{2,} /
const LIMIT = /limit exceeded/i
