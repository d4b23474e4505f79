import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Files that are tests, seeds and stories by their own name. */
const BY_FILE =
  /\.(test|spec|e2e|stories|story|bench)\.[cm]?[jt]sx?$|(^|\/)seed(s|er|ing)?(-[^/.]*)?\.[cm]?[jt]sx?$/i
/** Folders that hold nothing else. */
const BY_FOLDER = /(^|\/)(__tests__|__mocks__|__fixtures__|e2e|cypress|playwright)\//i
/** Folders that are called so for tests, seeds and stories, or for what the application is about. */
const MAYBE = /^(tests?|specs?|fixtures|seed(s|er|ing)?|stories)$/i

/**
 * What a file's queries count for: nothing in tests, seeds and stories. A folder called `tests` or `stories` may as well be
 * a feature of the application: it counts for nothing at the root of a package, beside a schema, or where it holds the
 * files that such a folder is for, and is not called after a model.
 */
export class SourceWeight {
  private readonly folders = new Map<string, boolean>()

  /**
   * @param places all source files, relative to the working directory, with `/`
   * @param models names of the schema's models
   */
  constructor(
    private readonly cwd: string,
    private readonly places: readonly string[],
    private readonly models: readonly string[],
  ) {}

  of(place: string): 0 | 1 {
    if (BY_FILE.test(place) || BY_FOLDER.test(place)) return 0
    const parts = place.split('/').slice(0, -1)
    const isIdle = parts.some((name, at) => MAYBE.test(name) && this.isFolderIdle(parts.slice(0, at + 1)))
    return isIdle ? 0 : 1
  }

  private isFolderIdle(parts: readonly string[]): boolean {
    const folder = parts.join('/')
    const known = this.folders.get(folder)
    if (known !== undefined) return known
    const name = (parts.at(-1) ?? '').toLowerCase()
    const isIdle =
      name === 'stories' ? this.holds(folder, /\.(stories|story)\./i) : this.isOfTests(parts, name, folder)
    this.folders.set(folder, isIdle)
    return isIdle
  }

  private isOfTests(parts: readonly string[], name: string, folder: string): boolean {
    const parent = parts.slice(0, -1).join('/')
    if (parts.at(-2) === 'prisma' || parent === '' || existsSync(join(this.cwd, parent, 'package.json')))
      return true
    const isModel = this.models.some((model) =>
      [`${model}s`, `${model}es`, model].some((each) => each.toLowerCase() === name),
    )
    return !isModel && this.holds(folder, /\.(test|spec|e2e)\./i)
  }

  private holds(folder: string, pattern: RegExp): boolean {
    return this.places.some((place) => place.startsWith(`${folder}/`) && pattern.test(place))
  }
}
