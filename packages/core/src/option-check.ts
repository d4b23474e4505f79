import { InvalidOptionsError } from './errors.ts'

/** Checks one value that stands at `path`; throws {@link InvalidOptionsError} where it does not fit. */
export type OptionCheck = (value: unknown, path: string) => void

/**
 * Checks a raw option bag against the checks of its known names. Unknown names are refused with the nearest
 * known one, `undefined` counts as not given.
 *
 * @example
 * checkOptions('batching', options, { maxBatchSize: integer({ min: 1 }), scope: callable })
 */
export function checkOptions(
  path: string,
  options: unknown,
  known: Readonly<Record<string, OptionCheck>>,
): void {
  if (options === undefined) return
  plainObject(options, path)
  for (const [name, value] of Object.entries(options as object)) {
    const check = Object.hasOwn(known, name) ? known[name] : undefined
    if (check === undefined) {
      const near = nearest(name, Object.keys(known))
      throw new InvalidOptionsError(
        `${path}.${name}`,
        `one of ${Object.keys(known).join(', ')}`,
        value,
        near === null ? 'This option does not exist.' : `This option does not exist; did you mean ${near}?`,
      )
    }
    if (value !== undefined) check(value, `${path}.${name}`)
  }
}

export const plainObject: OptionCheck = (value, path) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidOptionsError(path, 'an object', value)
  }
}

export const callable: OptionCheck = (value, path) => {
  if (typeof value !== 'function') throw new InvalidOptionsError(path, 'a function', value)
}

export const boolean: OptionCheck = (value, path) => {
  if (typeof value !== 'boolean') throw new InvalidOptionsError(path, 'true or false', value)
}

export const text: OptionCheck = (value, path) => {
  if (typeof value !== 'string' || value === '')
    throw new InvalidOptionsError(path, 'a non-empty string', value)
}

/** A finite number within inclusive bounds. */
export function finite({ min = -Infinity, max = Infinity, above = -Infinity } = {}): OptionCheck {
  return (value, path) => {
    if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max && value > above)
      return
    throw new InvalidOptionsError(path, `a finite number${bounds(min, max, above)}`, value)
  }
}

/** A safe integer within inclusive bounds. */
export function integer({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = {}): OptionCheck {
  return (value, path) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return
    throw new InvalidOptionsError(path, `an integer${bounds(min, max)}`, value)
  }
}

export function oneOf(...allowed: readonly unknown[]): OptionCheck {
  return (value, path) => {
    if (allowed.includes(value)) return
    throw new InvalidOptionsError(path, allowed.map((each) => JSON.stringify(each)).join(' | '), value)
  }
}

/** The first check that accepts the value decides; `expected` words the alternatives. */
export function either(expected: string, ...checks: readonly OptionCheck[]): OptionCheck {
  return (value, path) => {
    for (const check of checks) {
      try {
        return check(value, path)
      } catch (error) {
        if (!(error instanceof InvalidOptionsError)) throw error
      }
    }
    throw new InvalidOptionsError(path, expected, value)
  }
}

/** An option bag within an option bag. */
export function bag(known: Readonly<Record<string, OptionCheck>>): OptionCheck {
  return (value, path) => checkOptions(path, value, known)
}

/** An object whose keys are free (models, operations) and whose values all fit one check. */
export function record(check: OptionCheck): OptionCheck {
  return (value, path) => {
    plainObject(value, path)
    for (const [key, each] of Object.entries(value as object)) {
      if (each !== undefined) check(each, `${path}.${key}`)
    }
  }
}

export function list(check: OptionCheck): OptionCheck {
  return (value, path) => {
    if (!Array.isArray(value)) throw new InvalidOptionsError(path, 'an array', value)
    value.forEach((each, index) => check(each, `${path}[${index}]`))
  }
}

function bounds(min: number, max: number, above = -Infinity): string {
  const parts = [
    ...(above > -Infinity ? [`greater than ${above}`] : []),
    ...(min > Number.MIN_SAFE_INTEGER ? [`at least ${min}`] : []),
    ...(max < Number.MAX_SAFE_INTEGER ? [`at most ${max}`] : []),
  ]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

/** The known name that differs least from `name` (Levenshtein distance, at most 3 and less than its length). */
export function nearest(name: string, known: readonly string[]): string | null {
  let best: string | null = null
  // A name of three letters of which three differ is another name.
  let least = Math.min(4, name.length)
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + cost))
    }
    row = next
  }
  return row[b.length] ?? 0
}
