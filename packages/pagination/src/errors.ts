import { BriskError, describe } from '@prisma-brisk/core'

/** Where in the user's code a read was made, as errors name it. */
function at(callSite: string | null): string {
  return callSite === null ? '' : ` at ${callSite}`
}

/**
 * A list read without `take` found more rows than `maxLimit`, or names no `take` where one is required.
 */
export class UnboundedReadError extends BriskError {
  constructor(
    /** `Post.findMany`, or for a nested list `User.findMany → posts`. */
    readonly list: string,
    readonly allowed: number,
    /** `file:line:column` in the user's code, or null where it is not known. */
    readonly callSite: string | null,
    /** Too many rows; no `take` where one is required; none in a write whose lists cannot be counted before it is committed. */
    private readonly found: 'more' | 'untold' | 'uncounted',
    /** What bounds it: `take`, or for an update `limit`. */
    private readonly argument: 'take' | 'limit' = 'take',
  ) {
    const why =
      found === 'more'
        ? `has more than the ${allowed} rows that one without ${argument} may have`
        : found === 'untold'
          ? `names no ${argument}`
          : `names no ${argument}, in a write that could not be taken back: this client's statements cannot be observed (mount the extension before the client connects)`
    const otherwise =
      argument === 'take'
        ? `read it in pages with cursorPage() or paginate(), or say why all rows are needed: unbounded: 'nightly export'`
        : 'use updateMany, or raise maxLimit for the model'
    super(
      'E_UNBOUNDED_READ',
      `${list}${at(callSite)} ${why}. Give it a ${argument} of at most ${allowed}, ${otherwise}.`,
    )
  }

  /** The same refusal with a place that was found later. @internal */
  at(callSite: string | null): UnboundedReadError {
    return new UnboundedReadError(this.list, this.allowed, callSite, this.found, this.argument)
  }
}

/** `take` asks for more rows than `maxLimit` allows, or a write would return more. */
export class LimitExceededError extends BriskError {
  constructor(
    readonly list: string,
    readonly asked: number,
    readonly allowed: number,
    /** `file:line:column` in the user's code, or null where it is not known. */
    readonly callSite: string | null = null,
  ) {
    super(
      'E_LIMIT_EXCEEDED',
      `${list}${at(callSite)} asks for ${asked} rows, ${allowed} are allowed. Read them in pages with cursorPage() or paginate(), raise ` +
        `maxLimit for the model, or say why all are needed: unbounded: 'nightly export'.`,
    )
  }
}

/** `take`, `limit`, `first` or `last` is not a whole number that every database counts alike. */
export class InvalidLimitError extends BriskError {
  constructor(
    readonly list: string,
    readonly argument: string,
    given: unknown,
    /** The least it may be; a `take` may be negative. */
    least: number | null = null,
  ) {
    super(
      'E_INVALID_LIMIT',
      `${list}: ${argument} must be a whole number ${least === null ? 'of at most' : `from ${least} to`} ${2 ** 31 - 1}, given ${kindOf(given)}.`,
    )
  }
}

/** `skip`, `page` or `offset` is not a whole number from 0 (for `page`: from 1) up. */
export class InvalidOffsetError extends BriskError {
  constructor(
    readonly list: string,
    readonly argument: string,
    given: unknown,
  ) {
    super(
      'E_INVALID_OFFSET',
      `${list}: ${argument} must be a whole number from ${argument === 'page' ? 1 : 0} to ${2 ** 31 - 1}, given ${kindOf(given)}.`,
    )
  }
}

/** `skip` passes over more rows than `maxOffset`: the database would read and drop all of them. */
export class OffsetTooDeepError extends BriskError {
  constructor(
    readonly list: string,
    readonly asked: number,
    readonly allowed: number,
    /** `file:line:column` in the user's code, or null where it is not known. */
    readonly callSite: string | null = null,
  ) {
    super(
      'E_OFFSET_TOO_DEEP',
      `${list}${at(callSite)} skips ${asked} rows, ${allowed} are allowed. Walk the list with cursorPage(), which costs the same at every ` +
        `depth, or raise maxOffset.`,
    )
  }
}

/** The limits along one branch of a selection multiply to more than `nested.maxRows`, or nest deeper than `nested.maxDepth`. */
export class CostExceededError extends BriskError {
  constructor(
    readonly list: string,
    /** The product of the limits, or the depth. */
    readonly cost: number,
    readonly allowed: number,
    what: 'rows' | 'depth',
  ) {
    super(
      'E_COST_EXCEEDED',
      what === 'rows'
        ? `${list} may reach ${cost === Infinity ? 'any number of' : cost} rows, nested.maxRows allows ${allowed}. Lower the take of the lists on this path, or read the inner list by itself.`
        : `${list} nests lists ${cost} deep, nested.maxDepth allows ${allowed}. Read the inner list by itself.`,
    )
  }
}

/** What an error may show of a bad value: its type, and the value itself only where it is a number. */
export function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'a string'
  if (typeof value === 'bigint') return 'a bigint'
  return describe(value)
}

/** `unbounded` must name a reason. */
export class InvalidReasonError extends BriskError {
  constructor(
    readonly list: string,
    given: unknown,
  ) {
    super(
      'E_INVALID_REASON',
      `${list}: unbounded must be the reason why all rows are needed, such as 'nightly export', given ${given === '' ? 'an empty string' : kindOf(given)}.`,
    )
  }
}

/** An argument of a page that cannot be, alone or together with the others. */
export class InvalidPageError extends BriskError {
  constructor(
    readonly list: string,
    readonly argument: string,
    expected: string,
    given: unknown,
  ) {
    const verb = expected.startsWith('not to be') ? 'is' : 'must be'
    super('E_INVALID_PAGE', `${list}: ${argument} ${verb} ${expected}, given ${kindOf(given)}.`)
  }
}

/** An order that a keyset page cannot walk without repeating or losing rows. */
export class UnsupportedOrderError extends BriskError {
  constructor(
    readonly list: string,
    readonly field: string,
    why: string,
  ) {
    super(
      'E_UNSUPPORTED_ORDER',
      `${list}: ${field} ${why}. Order by other columns, or read pages by number with paginate().`,
    )
  }
}

/** `after` or `before` is no cursor of ours: changed, cut off, made with another secret, or never one. */
export class InvalidCursorError extends BriskError {
  constructor(
    readonly argument: string,
    given: unknown,
  ) {
    super(
      'E_INVALID_CURSOR',
      `${argument}: expected a cursor as an earlier page gave it, given ${typeof given === 'string' ? `a string of ${given.length} characters that is none` : kindOf(given)}. Start again from the first page.`,
    )
  }
}

/** A cursor of another model, order, filter or scope. */
export class CursorMismatchError extends BriskError {
  constructor(readonly argument: string) {
    super(
      'E_CURSOR_MISMATCH',
      `${argument}: the cursor belongs to another model, order, filter or scope. Pass the same where and orderBy as for the page it came with, or start again from the first page. For a where that moves, such as lte: new Date(), give all pages one filterName.`,
    )
  }
}

/** A cursor older than `cursor.maxAge`. */
export class CursorExpiredError extends BriskError {
  constructor(
    readonly argument: string,
    /** Milliseconds since it was made. */
    readonly age: number,
    /** Milliseconds it was good for. */
    readonly maxAge: number,
  ) {
    super(
      'E_CURSOR_EXPIRED',
      `${argument}: the cursor is ${Math.floor(age / 1000)} s old, cursor.maxAge allows ${maxAge / 1000} s. Start again from the first page.`,
    )
  }
}

/** An extension mounted before this one answered a page by itself, so that nothing is known of what is around it. */
export class UnreadPageError extends BriskError {
  constructor(readonly list: string) {
    super(
      'E_UNREAD_PAGE',
      `${list}: an extension mounted before this one answered without reading the database. Let it pass calls that have a briskPage argument.`,
    )
  }
}

/** An extension mounted before this one changed the number of rows on a page, so that cursors and rows do not match. */
export class MisalignedPageError extends BriskError {
  constructor(
    readonly list: string,
    readonly read: number,
    readonly found: number,
  ) {
    super(
      'E_MISALIGNED_PAGE',
      `${list}: ${read} rows were read and ${found} arrived: an extension mounted before this one filters rows. Let it change where instead.`,
    )
  }
}

/** A shape whose rows Prisma would read without limit and cut in Node, and which cannot be cut in SQL with the same result. */
export class UnlimitableError extends BriskError {
  constructor(
    readonly list: string,
    readonly reason: string,
  ) {
    super(
      'E_UNLIMITABLE',
      `${list} cannot be limited in the database: ${reason}. Read the list by itself, or say why all rows are needed: unbounded: 'nightly export'.`,
    )
  }
}

/** The driver handed over more rows for one statement than `maxDriverRows` allows. */
export class DriverRowsError extends BriskError {
  constructor(
    /** Names the statement's text, whatever its values. */
    readonly fingerprint: string,
    readonly rows: number,
    readonly allowed: number,
  ) {
    super(
      'E_DRIVER_ROWS',
      `The driver handed over ${rows} rows for statement ${fingerprint}, maxDriverRows allows ${allowed}. Add a LIMIT, or a take on every list.`,
    )
  }
}
