/** Where an error says what the operation that failed by it has done. One symbol for all copies of this package. */
export const failureOutcome: unique symbol = Symbol.for('prisma-brisk.failure-outcome') as never

/**
 * What every error of the suite has: a stable `code` that users test, and a message that says what was
 * expected, what was given and what to do.
 */
export class BriskError extends Error {
  /** Stable, starts with `E_`; test this, never the message. */
  readonly code: string

  /** Most errors are thrown before anything is sent; those that are not say so. See `judgeFailure`. */
  get [failureOutcome](): 'unsent' | 'refused' | 'undone' | 'open' {
    return 'unsent'
  }

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  override get name(): string {
    return this.constructor.name
  }
}

/**
 * An option with an unknown name, a wrong type or an impossible value; thrown at `$extends` time, before
 * anything is mounted.
 *
 * @example
 * try { prisma.$extends(batching({ maxBatchSize: -1 })) } catch (error) { error.code === 'E_INVALID_OPTIONS' }
 */
export class InvalidOptionsError extends BriskError {
  /** Where the option stands, e.g. `batching.maxBatchSize`. */
  readonly path: string

  constructor(path: string, expected: string, given: unknown, advice = '') {
    super(
      'E_INVALID_OPTIONS',
      `${path}: expected ${expected}, given ${describe(given)}.${advice === '' ? '' : ` ${advice}`}`,
    )
    this.path = path
  }
}

/** The client cannot carry the extension: no driver adapter, an unsupported database or Prisma version. */
export class UnsupportedClientError extends BriskError {
  constructor(reason: string, advice: string) {
    super('E_UNSUPPORTED_CLIENT', `${reason} ${advice}`)
  }
}

/** A value as an error message may show it: its kind, and its text only where it is short and harmless. */
export function describe(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string')
    return value.length > 60 ? `a string of ${value.length} characters` : JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'symbol') return value.toString()
  const kind = Object.getPrototypeOf(value)?.constructor?.name ?? 'Object'
  return kind === 'Object'
    ? `an object with ${Object.keys(value).join(', ') || 'no keys'}`
    : `an instance of ${kind}`
}
