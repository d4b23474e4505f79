import { createHash, randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join, sep } from 'node:path'

/** Where a hub is found by commands of the same user: its address with the token. It holds no other values. */
export interface HubPlace {
  readonly pid: number
  readonly address: string
  readonly cwd: string
}

/** Says where a hub is; the returned function takes it back. */
export function announceHub(place: HubPlace, directory = hubDirectory()): () => void {
  makeOwn(directory)
  // Somebody else's directory of that name would be told the token.
  if (!isOwn(directory)) return () => undefined
  const file = join(directory, `${place.pid}-${new URL(place.address).port}.json`)
  writeFileSync(file, JSON.stringify(place), { mode: 0o600 })
  return () => rmSync(file, { force: true })
}

/** What a hub of a project keeps for the next one, so that processes and pages of before find it. */
export interface HubIdentity {
  readonly token: string
  /** Where it listened last; null where none did so far. */
  readonly port: number | null
}

/**
 * That of a project, in a file for the user alone: the same token and, where it is free, the same port each time. Drawn anew where
 * none can be kept.
 */
export function hubIdentity(cwd: string, directory = hubDirectory()): HubIdentity {
  const drawn = { token: randomBytes(24).toString('base64url'), port: null }
  try {
    makeOwn(directory)
    if (!isOwn(directory)) return drawn
    const file = identityFile(cwd, directory)
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<HubIdentity>
    if (typeof kept.token !== 'string' || !/^[\w-]{32,}$/.test(kept.token)) return drawn
    return { token: kept.token, port: typeof kept.port === 'number' ? kept.port : null }
  } catch {
    return drawn
  }
}

/** Remembers what the next hub of the project shall have. */
export function keepIdentity(cwd: string, { token, port }: HubIdentity, directory = hubDirectory()): void {
  try {
    makeOwn(directory)
    if (isOwn(directory))
      writeFileSync(identityFile(cwd, directory), JSON.stringify({ token, port }), { mode: 0o600 })
  } catch {
    // A hub that cannot be found again is still one.
  }
}

function identityFile(cwd: string, directory: string): string {
  return join(directory, `${createHash('sha256').update(cwd).digest('hex').slice(0, 32)}.project`)
}

/**
 * The hub that a command means: that of `BRISK_LIVE`, else the one nearest to the directory, above it or below. Null where none
 * runs there: the hub of another project would answer with, and write into, what the command does not mean.
 */
export function findHub(
  cwd: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  directory = hubDirectory(),
): string | null {
  const { BRISK_LIVE: given } = environment
  if (given !== undefined && given !== '') return given
  const places = runningHubs(directory)
  const [above] = places
    .filter((place) => isWithin(cwd, place.cwd))
    .sort((a, b) => b.cwd.length - a.cwd.length)
  return (above ?? places.find((place) => isWithin(place.cwd, cwd)))?.address ?? null
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith(sep) ? directory : `${directory}${sep}`)
}

/** Youngest first. */
function runningHubs(directory: string): HubPlace[] {
  let names: string[]
  try {
    if (!isOwn(directory)) return []
    names = readdirSync(directory)
  } catch {
    return []
  }
  const found: (HubPlace & { readonly since: number })[] = []
  for (const name of names.filter((each) => each.endsWith('.json'))) {
    const file = join(directory, name)
    try {
      const place = JSON.parse(readFileSync(file, 'utf8')) as HubPlace
      process.kill(place.pid, 0)
      found.push({ ...place, since: lstatSync(file).mtimeMs })
    } catch {
      // Left behind by a hub that was killed.
      rmSync(file, { force: true })
    }
  }
  return found.sort((a, b) => b.since - a.since)
}

function hubDirectory(): string {
  return join(tmpdir(), `prisma-brisk-live-${userInfo().username}`)
}

function makeOwn(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
}

function isOwn(directory: string): boolean {
  const { uid, mode } = lstatSync(directory)
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0)
}
