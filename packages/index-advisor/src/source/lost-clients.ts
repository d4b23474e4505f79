import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Remark } from '../advice/advice.ts'
import type { FoundCalls } from './call-finder.ts'

interface Lost {
  /** Read by the names of model and operation. */
  readonly named: string[]
  /** Left out. */
  readonly unknown: string[]
  /** They pass on what could not be followed. */
  readonly unfollowed: string[]
}

/** Calls whose client has lost its type, counted by package: each package is told of them once. */
export class LostClients {
  private readonly packages = new Map<string, Lost>()

  constructor(private readonly cwd: string) {}

  /** @param path of the file, absolute */
  add(path: string, { calls, raw, unknown }: FoundCalls): void {
    const named = [...calls, ...raw].filter((each) => each.isByName).map((each) => each.at)
    if (named.length + unknown.length === 0) return
    const lost = this.of(path)
    lost.named.push(...named)
    lost.unknown.push(...unknown)
  }

  /** A call in that file, whose conditions its callers give. */
  addUnfollowed(path: string, at: string): void {
    this.of(path).unfollowed.push(at)
  }

  private of(path: string): Lost {
    const name = this.packageOf(path)
    const lost = this.packages.get(name) ?? { named: [], unknown: [], unfollowed: [] }
    this.packages.set(name, lost)
    return lost
  }

  remarks(): Remark[] {
    return [...this.packages].flatMap(([name, { named, unknown, unfollowed }]) => [
      ...said(
        named,
        ({ calls, were, their, at }) =>
          `${calls} in ${name} (first at ${at}) ${were} read by the names of model and operation, since the type of ${their} is lost: a package that is not built or installed, a context without types. Advice that rests on them alone is marked by-name.`,
      ),
      ...said(
        unknown,
        ({ calls, were, their, at }) =>
          `${calls} in ${name} (first at ${at}), like Prisma's by the look of it, ${were} left out: the type of ${their} is lost, and nothing names a model.`,
      ),
      ...said(
        unfollowed,
        ({ calls, were, at }) =>
          `${calls} in ${name} (first at ${at}) ${were} read in part: a helper passes on what its callers give, which could not be followed. No sort alone is advised for such a call, nor an index for its conditions.`,
      ),
    ])
  }

  /** The directory of the nearest package.json, as it shall be shown. */
  private packageOf(path: string): string {
    for (let at = dirname(path); ; at = dirname(at)) {
      const place = relative(this.cwd, at).replaceAll('\\', '/')
      if (existsSync(join(at, 'package.json'))) return place === '' ? 'this package' : place
      if (at === this.cwd || at === dirname(at)) return 'this project'
    }
  }
}

interface Counted {
  readonly calls: string
  readonly were: string
  readonly their: string
  readonly at: string
}

function said(places: readonly string[], reason: (counted: Counted) => string): Remark[] {
  const [at] = places
  if (at === undefined) return []
  const counted =
    places.length === 1
      ? { calls: 'One call', were: 'was', their: 'its client', at }
      : { calls: `${places.length} calls`, were: 'were', their: 'their clients', at }
  return [{ kind: 'unread', model: '', index: at, at, reason: reason(counted) }]
}
