import {
  bag,
  boolean,
  callable,
  checkOptions,
  either,
  finite,
  integer,
  InvalidOptionsError,
  list,
  oneOf,
  record,
  text,
  type OptionCheck,
} from '@prisma-brisk/core'
import {
  limitChecks,
  resolveAllLimits,
  type Environment,
  type LimitOptions,
  type ResolvedLimits,
} from './limit-options.ts'

/** How cursors are signed, and what they are good for. */
export interface CursorOptions {
  /**
   * Signs cursors (HMAC-SHA-256). Several: the first signs, all of them verify, so that a secret can be replaced
   * without breaking the cursors that are out. At least 16 characters each. Default: a random one of this process,
   * with a warning, since cursors then die with it and other processes refuse them.
   */
  readonly secret?: string | readonly string[] | undefined
  /** Encrypts the row's sort values in the cursor (AES-256-GCM). Default false: signed but readable. */
  readonly encrypt?: boolean | undefined
  /** Seconds a cursor is good for, counted from the page it came with. Default: for ever. */
  readonly maxAge?: number | undefined
  /**
   * Whoever the cursor belongs to (tenant, user): a cursor made under one value is refused under another. Called
   * for every page. Default: none.
   */
  readonly scope?: (() => string) | undefined
}

/** Options of {@link pagination}. */
export interface PaginationOptions extends LimitOptions {
  /**
   * Limits of single models, by the model's name; what is not stated there comes from above. In every package of the suite
   * `models` says what holds for one model; here any of the limits.
   */
  readonly models?: Readonly<Record<string, LimitOptions>> | undefined
  /**
   * The most rows the driver may hand to Prisma for one statement, raw queries included; more is `E_DRIVER_ROWS`.
   * Inside a transaction the error rolls it back. Costs a listener on the driver. Default: no limit.
   */
  readonly maxDriverRows?: number | undefined
  /**
   * Leaves heavy columns out of what `findMany`, `paginate` and `cursorPage` return, unless selected or
   * `omit: { field: false }`: `Json` and `Bytes`, or the `types` and the `fields` of single models that are given
   * (`{ fields: { Message: ['body'] } }` leaves out these alone). A model or a field that the schema does not have is
   * `E_INVALID_OPTIONS`. Default false.
   */
  readonly omitHeavy?: boolean | HeavyColumns | undefined
  /** Signing, encryption and age of keyset cursors. */
  readonly cursor?: CursorOptions | undefined
}

export type HeavyType = 'Json' | 'Bytes'

/** Columns to leave out, by type, by name, or both. */
export interface HeavyColumns {
  /** Prisma's scalar types. Default: none. */
  readonly types?: readonly HeavyType[] | undefined
  /** Fields of single models, by the model's name: long texts, for which no type speaks. Default: none. */
  readonly fields?: Readonly<Record<string, readonly string[]>> | undefined
}

/** Values of the option `omitHeavy`. */
export type OmitHeavy = NonNullable<PaginationOptions['omitHeavy']>

/** The option whose value decides on the types of rows. */
export interface OmitHeavyOption<Heavy> {
  readonly omitHeavy?: Heavy | undefined
}

export interface ResolvedCursorOptions {
  /** Empty: a random one is to be made. */
  readonly secrets: readonly string[]
  readonly encrypt: boolean
  /** Milliseconds; Infinity where cursors do not age. */
  readonly maxAge: number
  readonly scope: (() => string) | null
}

export interface ResolvedHeavyColumns {
  readonly types: ReadonlySet<HeavyType>
  readonly fields: ReadonlyMap<string, readonly string[]>
}

export interface ResolvedPaginationOptions {
  readonly limits: ResolvedLimits
  readonly models: ReadonlyMap<string, ResolvedLimits>
  /** Infinity where there is no limit. */
  readonly maxDriverRows: number
  readonly heavy: ResolvedHeavyColumns
  readonly cursor: ResolvedCursorOptions
}

export function resolveOptions(
  given: PaginationOptions = {},
  environment: Environment = process.env,
): ResolvedPaginationOptions {
  checkOptions('pagination', given, {
    ...limitChecks,
    models: record(bag(limitChecks)),
    maxDriverRows: integer({ min: 1 }),
    omitHeavy: either(
      "true, false or { types: ['Json', 'Bytes'], fields: { Model: ['field'] } }",
      boolean,
      bag({ types: list(oneOf('Json', 'Bytes')), fields: record(list(text)) }),
    ),
    cursor: bag({
      secret,
      encrypt: boolean,
      maxAge: finite({ above: 0 }),
      scope: callable,
    }),
  })
  const { maxDriverRows = Infinity, cursor = {}, omitHeavy } = given
  return Object.freeze<ResolvedPaginationOptions>({
    ...resolveAllLimits(given, environment),
    maxDriverRows,
    heavy: heavyColumnsOf(omitHeavy),
    cursor: Object.freeze<ResolvedCursorOptions>({
      secrets:
        cursor.secret === undefined
          ? []
          : typeof cursor.secret === 'string'
            ? [cursor.secret]
            : [...cursor.secret],
      encrypt: cursor.encrypt ?? false,
      maxAge: cursor.maxAge === undefined ? Infinity : cursor.maxAge * 1000,
      scope: cursor.scope ?? null,
    }),
  })
}

/** One secret or several. What was given is never shown: the message of an option error may be logged. */
const secret: OptionCheck = (value, path) => {
  const secrets: unknown[] = Array.isArray(value) ? value : [value]
  if (secrets.length > 0 && secrets.every((each) => typeof each === 'string' && each.length >= 16)) return
  const given = secrets.length === 0 ? value : Symbol('something else')
  throw new InvalidOptionsError(path, 'a secret of at least 16 characters, or a list of them', given)
}

function heavyColumnsOf(option: PaginationOptions['omitHeavy'] = false): ResolvedHeavyColumns {
  if (option === false) return { types: new Set(), fields: new Map() }
  const { types = [], fields = {} }: HeavyColumns = option === true ? { types: ['Json', 'Bytes'] } : option
  return { types: new Set(types), fields: new Map(Object.entries(fields)) }
}
