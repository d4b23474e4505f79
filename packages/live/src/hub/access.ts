import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const COOKIE = 'brisk-live'

/** Why a request is turned away; null where it may pass. */
export type Refusal = { readonly status: 401 | 403; readonly reason: string } | null

/**
 * Who may ask the hub: a process or a command with the token, a browser that came with the token in the address and has a cookie
 * since. Other pages of the same browser have neither, and names that lead to 127.0.0.1 are no names of the hub.
 */
export class Access {
  /** What a browser has in place of the token: other servers of this machine get it too, and could report with the token. */
  private readonly cookieSecret: string

  /** @param token by default drawn for the life of the hub */
  constructor(
    private readonly port: () => number,
    readonly token = randomBytes(24).toString('base64url'),
  ) {
    this.cookieSecret = createHmac('sha256', token).update('cookie').digest('base64url')
  }

  /**
   * @param url that it asks for
   * @param isShell whether a file of the page is asked for, which holds nothing
   */
  check(request: IncomingMessage, url: URL, isShell: boolean): Refusal {
    const { host, origin } = request.headers
    const own = LOCAL_NAMES.map((name) => `${name}:${this.port()}`)
    if (host === undefined || !own.includes(host.toLowerCase()))
      return { status: 403, reason: 'The Host header names another server.' }
    if (origin !== undefined && !own.some((each) => origin === `http://${each}`))
      return { status: 403, reason: 'The request comes from another page.' }
    // A link may lead here, as that of the application's own page does: the browser sends no cookie with it, and shows no data.
    const isLink = isShell && request.headers['sec-fetch-mode'] === 'navigate'
    if (!isLink && FOREIGN_SITES.has(request.headers['sec-fetch-site']))
      return { status: 403, reason: 'The request comes from another page.' }
    return isShell || this.isKnown(request, url)
      ? null
      : { status: 401, reason: 'Open the address that `brisk live` printed.' }
  }

  /** Whether the address itself brings the token, so that a cookie is due. */
  isInAddress(url: URL): boolean {
    return this.isToken(url.searchParams.get('token'))
  }

  /** The port in its name: cookies know no ports, and two hubs of one machine must not lose each other's. */
  cookie(): string {
    return `${this.cookieName()}=${this.cookieSecret}; Path=/; HttpOnly; SameSite=Strict`
  }

  private cookieName(): string {
    return `${COOKIE}-${this.port()}`
  }

  private isKnown({ headers }: IncomingMessage, url: URL): boolean {
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
    if (this.isToken(bearer)) return true
    const cookies = (headers.cookie ?? '').split(/; */).map((each) => each.split('='))
    if (cookies.some(([name, value]) => name === this.cookieName() && isSame(value, this.cookieSecret)))
      return true
    return this.isInAddress(url)
  }

  private isToken(given: string | null | undefined): boolean {
    return isSame(given, this.token)
  }
}

function isSame(given: string | null | undefined, secret: string): boolean {
  if (typeof given !== 'string') return false
  const [a, b] = [Buffer.from(given), Buffer.from(secret)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** `same-site` is another port of this machine. */
const FOREIGN_SITES: ReadonlySet<unknown> = new Set(['cross-site', 'same-site'])
const LOCAL_NAMES = ['127.0.0.1', 'localhost']
