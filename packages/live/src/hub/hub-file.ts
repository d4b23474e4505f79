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
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // Somebody else's directory of that name would be told the token.
  if (!isOwn(directory)) return () => undefined
  const file = join(directory, `${place.pid}-${new URL(place.address).port}.json`)
  writeFileSync(file, JSON.stringify(place), { mode: 0o600 })
  return () => rmSync(file, { force: true })
}

/** The hub that a command means: that of `BRISK_LIVE`, else one of this project or the youngest; null where none runs. */
export function findHub(
  cwd: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  directory = hubDirectory(),
): string | null {
  const { BRISK_LIVE: given } = environment
  if (given !== undefined && given !== '') return given
  const places = runningHubs(directory)
  const near = places
    .filter((place) => cwd === place.cwd || cwd.startsWith(`${place.cwd}${sep}`))
    .sort((a, b) => b.cwd.length - a.cwd.length)
  return (near[0] ?? places[0])?.address ?? null
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
  for (const name of names) {
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

function isOwn(directory: string): boolean {
  const { uid, mode } = lstatSync(directory)
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0)
}
