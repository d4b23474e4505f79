/** What is used of an Express request to tell where its routers are mounted. */
export interface MountedRequest {
  readonly baseUrl?: string | undefined
  readonly params?: unknown
}

interface Mount {
  readonly pattern: string
  /** Parameters of its own and, where a router merges them, of those around it. */
  readonly params: Params
}

type Params = Readonly<Record<string, unknown>>

/**
 * The patterns that the routers of one request are mounted by. Express shows the text they matched (`/users/42`) in
 * `baseUrl`, each time together with the parameters found in it, and a router shows only its own: so they are noted as they
 * come.
 */
export class ExpressMounts {
  private readonly mounts = new Map<string, Mount>([['', { pattern: '', params: {} }]])
  /** Undefined once Express has left all routers. */
  private url: string | undefined = ''

  /** The mounts of a request, the same for all clients that observe it. */
  static of(request: MountedRequest): ExpressMounts {
    let mounts = known.get(request)
    if (mounts === undefined) known.set(request, (mounts = new ExpressMounts(request)))
    return mounts
  }

  private constructor(request: MountedRequest) {
    const { baseUrl } = request
    // Connect has none.
    if (typeof baseUrl !== 'string') return
    this.enter(baseUrl, paramsOf(request))
    Object.defineProperty(request, 'baseUrl', {
      configurable: true,
      enumerable: true,
      get: () => this.url,
      set: (url: string | undefined) => {
        this.enter(url, paramsOf(request))
      },
    })
  }

  /** The pattern of the router that the request is in; null where it was not seen to get there. */
  pattern(): string | null {
    return this.mounts.get(this.url ?? '')?.pattern ?? null
  }

  /** Express goes into a router, or back out of it. */
  private enter(url: string | undefined, params: Params): void {
    const from = this.url ?? ''
    const around = this.mounts.get(from)
    if (url !== undefined && url.length > from.length && url.startsWith(from) && around !== undefined) {
      const pattern = around.pattern + patternOf(url.slice(from.length), params, around.params)
      this.mounts.set(url, { pattern, params })
    }
    this.url = url
  }
}

const known = new WeakMap<object, ExpressMounts>()

function paramsOf({ params }: MountedRequest): Params {
  return typeof params === 'object' && params !== null ? { ...(params as Params) } : {}
}

/**
 * A path with its parameters by name. Where the application has changed one, so that the path no longer shows it, the
 * names alone stand for all of it: never a value.
 */
function patternOf(path: string, params: Params, inherited: Params): string {
  let text = path.split('/').map(decoded).join('/')
  const names: string[] = []
  // From behind, so that of two equal parameters each stands in its place.
  for (const [name, value] of Object.entries(params).reverse()) {
    const found = placeOf(text, Array.isArray(value) ? value.join('/') : value)
    if (found !== null) {
      const [start, end] = found
      text = `${text.slice(0, start)}${String.fromCharCode(MARKS + names.push(name))}${text.slice(end)}`
    } else if (value !== undefined && value !== '' && inherited[name] !== value)
      return Object.keys(params)
        .map((each) => `/:${each}`)
        .join('')
  }
  return text.replace(MARK, (mark) => `:${names[mark.charCodeAt(0) - MARKS - 1]}`)
}

/** Where a value stands last: between slashes, else anywhere; null where it does not. */
function placeOf(text: string, value: unknown): readonly [start: number, end: number] | null {
  if (typeof value !== 'string' || value === '') return null
  const whole = `${text}/`.lastIndexOf(`/${value}/`)
  const start = whole >= 0 ? whole + 1 : text.lastIndexOf(value)
  return start < 0 ? null : [start, start + value.length]
}

/** Characters that no path has: they stand for parameters while others are looked for. */
const MARKS = 0xe000
const MARK = /[\ue000-\uf8ff]/g

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment).replace(MARK, '')
  } catch {
    return segment
  }
}
