import { randomUUID } from 'node:crypto'

let name: string | undefined

/**
 * A random name that tells this process from all others. Drawn when it is first asked for: on Workers nothing random may be
 * drawn while modules load.
 */
export function processName(): string {
  return (name ??= randomUUID())
}
