/** The hub that has served this page. */

/** An answer that is no success. */
export class HubError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

export async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(path, init)
  if (!response.ok) throw new HubError(response.status, await reasonOf(response))
  return (response.status === 204 ? undefined : await response.json()) as T
}

async function reasonOf(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as { error?: unknown }
    return typeof error === 'string' ? error : response.statusText
  } catch {
    return response.statusText
  }
}
