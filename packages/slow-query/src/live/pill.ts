/** What is used of a response of Node's server. */
export interface PillResponse {
  statusCode: number
  statusMessage: string
  readonly headersSent: boolean
  getHeader(name: string): unknown
  setHeader(name: string, value: number | string | readonly string[]): unknown
  appendHeader?(name: string, value: string): unknown
  writeHead(...args: unknown[]): unknown
  write(...args: unknown[]): unknown
  end(...args: unknown[]): unknown
  flushHeaders(): void
}

type Header = number | string | readonly string[]

/**
 * Puts a small link to the end of pages of HTML that are handed to the response as a whole: of other responses, of parts, and of what is
 * compressed or has a checksum nothing is changed. Where a content security policy stands the link goes without its style.
 *
 * @param link text of the link and its address, asked for when the page is sent; null for none
 */
export function addPill(response: PillResponse, link: () => Pill | null): void {
  const write = response.write.bind(response)
  const end = response.end.bind(response)
  const flushHeaders = response.flushHeaders.bind(response)
  const writeHead = response.writeHead.bind(response)
  /** What `writeHead` was called with, where it is held back until it is known whether the page comes as a whole. */
  let held: unknown[] | null = null
  /** From its body on nothing is held back any more; Node itself calls `writeHead` then. */
  let isBegun = false
  const release = (): void => {
    const args = held
    isBegun = true
    held = null
    Reflect.deleteProperty(response, 'headersSent')
    if (args !== null) writeHead(...args)
  }
  Object.assign(response, {
    writeHead: (...args: unknown[]) => {
      if (isBegun || held !== null || response.headersSent || !isPage(headersOf(response, args)))
        return writeHead(...args)
      held = args
      Object.defineProperty(response, 'headersSent', { configurable: true, value: true })
      return response
    },
    flushHeaders: () => {
      release()
      flushHeaders()
    },
    write: (...args: unknown[]) => {
      release()
      return write(...args)
    },
    end: (...args: unknown[]) => {
      const [chunk, encoding, ...rest] = args
      const isWhole = !isBegun && (held !== null || !response.headersSent)
      const header = isWhole ? headersOf(response, held ?? []) : null
      const page =
        header !== null && isPage(header)
          ? withPill(chunk, encoding, link, header('content-security-policy') !== undefined)
          : null
      if (page === null) {
        release()
        return end(...args)
      }
      if (held !== null) adopt(response, held)
      held = null
      isBegun = true
      Reflect.deleteProperty(response, 'headersSent')
      response.setHeader('Content-Length', page.length)
      return end(page, ...(typeof encoding === 'function' ? [encoding] : rest))
    },
  })
}

/** What the link says, and where it leads. */
export interface Pill {
  readonly text: string
  readonly address: string
}

function isPage(header: (name: string) => unknown): boolean {
  const etag = header('etag')
  return (
    /^text\/html\b/i.test(String(header('content-type'))) &&
    UNTOUCHABLE.every((name) => header(name) === undefined) &&
    !(typeof etag === 'string' && etag.startsWith('"'))
  )
}

/** Their content is not to be changed. A strong ETag is for the very bytes. */
const UNTOUCHABLE = [
  'content-encoding',
  'content-range',
  'transfer-encoding',
  'digest',
  'content-digest',
  'repr-digest',
  'content-md5',
]

/** Headers as `writeHead` would send them. */
function headersOf(response: PillResponse, args: readonly unknown[]): (name: string) => unknown {
  const given = new Map(pairsIn(args).map(([name, value]) => [name.toLowerCase(), value]))
  return (name) => given.get(name) ?? response.getHeader(name)
}

function pairsIn(args: readonly unknown[]): (readonly [string, Header])[] {
  const headers = args.at(-1)
  if (typeof headers !== 'object' || headers === null) return []
  if (!Array.isArray(headers)) return Object.entries(headers as Record<string, Header>)
  const list = headers as unknown[]
  if (Array.isArray(list[0])) return list as [string, Header][]
  return list.flatMap((name, at) => (at % 2 === 0 ? [[String(name), list[at + 1] as Header] as const] : []))
}

/** Makes what `writeHead` was called with the response's own, so that it can still be changed. */
function adopt(response: PillResponse, args: readonly unknown[]): void {
  const [status, message] = args
  if (typeof status === 'number') response.statusCode = status
  if (typeof message === 'string') response.statusMessage = message
  const names = new Set<string>()
  for (const [name, value] of pairsIn(args)) {
    const isAgain = names.has(name.toLowerCase())
    names.add(name.toLowerCase())
    // A list of pairs may have several of one name.
    if (isAgain && typeof value === 'string') response.appendHeader?.(name, value)
    else response.setHeader(name, value)
  }
}

function withPill(
  chunk: unknown,
  encoding: unknown,
  link: () => Pill | null,
  hasPolicy: boolean,
): Buffer | null {
  const bytes =
    typeof chunk === 'string'
      ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
      : chunk instanceof Uint8Array
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        : null
  // The tag is ASCII, whatever the page is written in.
  const at = bytes?.lastIndexOf('</body>') ?? -1
  const pill = at < 0 ? null : link()
  if (bytes === null || pill === null) return null
  const { text, address } = pill
  const style = hasPolicy ? '' : ` style="${STYLE}"`
  const tag = `<a href="${address}" target="_blank" rel="noopener noreferrer"${style}>${text}</a>`
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(tag, 'latin1'), bytes.subarray(at)])
}

const STYLE =
  'position:fixed;right:8px;bottom:8px;z-index:2147483647;padding:4px 10px;border-radius:12px;background:#1f2937;color:#fff;font:12px/1.4 system-ui,sans-serif;text-decoration:none'
