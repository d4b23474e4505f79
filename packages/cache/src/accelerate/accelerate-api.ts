import { AccelerateError } from '../errors.ts'

/** Where and with which key a client reaches Accelerate. */
export interface AccelerateAccess {
  readonly baseUrl: string
  /** Null where the connection string has none. */
  readonly apiKey: string | null
}

/** From `prisma://accelerate.prisma-data.net/?api_key=…`; Prisma's local server speaks http on its own port. */
export function accessFrom(url: string): AccelerateAccess | null {
  try {
    const { protocol, hostname, host, searchParams } = new URL(url)
    if (protocol !== 'prisma:' && protocol !== 'prisma+postgres:') return null
    const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
    const apiKey = searchParams.get('api_key')
    return {
      baseUrl: isLocal ? `http://${host}` : 'https://accelerate.prisma-data.net',
      apiKey: apiKey === '' ? null : apiKey,
    }
  } catch {
    return null
  }
}

/** Invalidates through Accelerate's API; `'all'` is everything. @throws AccelerateError */
export async function invalidateAtAccelerate(
  { baseUrl, apiKey }: AccelerateAccess,
  tags: readonly string[] | 'all',
  send: typeof fetch,
): Promise<void> {
  if (apiKey === null) {
    throw new AccelerateError(
      'The connection string has no api_key, so nothing can be invalidated at Accelerate.',
      'Add it to `accelerateUrl`.',
    )
  }
  const response = await send(new URL('/invalidate', baseUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ tags }),
    signal: AbortSignal.timeout(10_000),
  }).catch((error: unknown) => {
    throw new AccelerateError(
      'Accelerate could not be reached to invalidate.',
      'The tags will be sent again.',
      {
        cause: error,
      },
    )
  })
  await response.body?.cancel()
  if (response.ok) return
  throw new AccelerateError(
    `Accelerate answered ${response.status} when tags were to be invalidated.`,
    'Check the api_key, and the limits of the plan.',
  )
}
