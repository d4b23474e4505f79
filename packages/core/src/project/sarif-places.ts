import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

/** What SARIF calls the root of the repository. */
export const ROOT_ID = '%SRCROOT%'

export interface SarifLocation {
  readonly physicalLocation: {
    readonly artifactLocation: { readonly uri: string; readonly uriBaseId: typeof ROOT_ID }
    readonly region: { readonly startLine: number; readonly startColumn?: number }
  }
}

/**
 * Places as code scanning takes them: URIs relative to the root of the repository, each segment encoded. The root is the
 * directory with `.git` above the working directory; where there is none, the nearest one that holds all the places.
 */
export class SarifPlaces {
  private readonly root: string

  /**
   * @param cwd what the places are relative to
   * @param places all that will be asked for: `src/post.ts:12:20`
   */
  constructor(
    private readonly cwd: string,
    places: readonly string[],
  ) {
    let root = repositoryOf(cwd) ?? cwd
    for (const place of places) while (isOutside(root, resolve(cwd, fileOf(place)))) root = dirname(root)
    this.root = root
  }

  /** The one location of a result: others would each be shown as a finding of their own. */
  location(place: string): SarifLocation {
    const [, , line = '1', column] = PLACE.exec(place) ?? []
    const path = relative(this.root, resolve(this.cwd, fileOf(place)))
    return {
      physicalLocation: {
        artifactLocation: { uri: path.split(sep).map(encodeURIComponent).join('/'), uriBaseId: ROOT_ID },
        region: {
          startLine: Number(line),
          ...(column === undefined ? {} : { startColumn: Number(column) }),
        },
      },
    }
  }
}

const PLACE = /^(.*?):(\d+)(?::(\d+))?$/

function fileOf(place: string): string {
  return PLACE.exec(place)?.[1] ?? place
}

function isOutside(root: string, path: string): boolean {
  return root !== dirname(root) && relative(root, path).split(sep)[0] === '..'
}

function repositoryOf(cwd: string): string | null {
  for (let at = resolve(cwd); ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (at === dirname(at)) return null
  }
}
