import { InvalidOptionsError } from '@prisma-brisk/core'
import type { OnLost } from '../change-source.ts'

/** What every source that connects to a server can be told. */
export interface SourceOptions {
  readonly heartbeat?: number | undefined
  readonly onLost?: OnLost | undefined
}

/** @throws InvalidOptionsError */
export function resolveSource(
  name: string,
  { heartbeat = 1000, onLost = 'bypass' }: SourceOptions,
): { readonly heartbeat: number; readonly onLost: OnLost } {
  if (!Number.isInteger(heartbeat) || heartbeat < 20 || heartbeat > 60_000)
    throw new InvalidOptionsError(`${name}.heartbeat`, 'an integer from 20 to 60000', heartbeat)
  if (onLost !== 'bypass' && onLost !== 'ttl')
    throw new InvalidOptionsError(`${name}.onLost`, `'bypass' | 'ttl'`, onLost)
  return { heartbeat, onLost }
}

/** @throws InvalidOptionsError, which does not show the URL: it may hold a password */
export function checkUrl(
  name: string,
  url: unknown,
  scheme: RegExp,
  expected: string,
): asserts url is string {
  if (typeof url !== 'string' || !scheme.test(url))
    throw new InvalidOptionsError(`${name}.url`, expected, typeof url === 'string' ? 'another text' : url)
}
