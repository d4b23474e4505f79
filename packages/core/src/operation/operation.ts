/** What an operation does to the database. Whatever is not known counts as a write. */
export type OperationKind = 'read' | 'write' | 'rawRead' | 'rawWrite'

/** What an operation answers with. */
export type OperationResult =
  /** One row, or an error where there is none. */
  | 'row'
  /** One row or null. */
  | 'rowOrNull'
  /** A list of rows. */
  | 'rows'
  /** `{ count }`, or for `count` a number or one number a field. */
  | 'count'
  /** One object of aggregates. */
  | 'aggregate'
  /** A list of groups. */
  | 'groups'
  /** Whatever the statement gives. */
  | 'raw'

/** What the suite needs to know of one of Prisma's operations. */
export interface OperationTraits {
  readonly operation: string
  readonly kind: OperationKind
  /** False for an operation this version does not know; it is then a write of anything. */
  readonly isKnown: boolean
  readonly isRead: boolean
  readonly isWrite: boolean
  readonly isRaw: boolean
  readonly result: OperationResult
  /** The answer is a list of rows or groups, and `take` bounds it. */
  readonly returnsMany: boolean
  /** `count`, `aggregate` or `groupBy`: rows are read, not returned. */
  readonly isAggregate: boolean
  /** `findUnique` and `findUniqueOrThrow`: `where` names a unique key. */
  readonly isUniqueRead: boolean
  /** Rejects with P2025 where no row is found. */
  readonly throwsWhenMissing: boolean
  /** Takes `select`, `include` and `omit`. */
  readonly takesSelection: boolean
  readonly takesWhere: boolean
  /** Takes `take`, `skip` and `orderBy`. */
  readonly takesPage: boolean
  /** Takes `cursor`. */
  readonly takesCursor: boolean
  /** Takes `data`, or `create` and `update`. */
  readonly takesData: boolean
}

/**
 * The traits of a Prisma operation, by the name a query hook gets (`findMany`, `$queryRaw`, …). One shared frozen object
 * an operation: comparing by identity is allowed.
 *
 * `$queryRaw` counts as a raw read, though its SQL may write: read the statement where that matters.
 */
export function operationTraits(operation: string): OperationTraits {
  return known.get(operation) ?? traits(operation, 'write', 'raw', { isKnown: false })
}

/** Every operation of a model that is known. */
export function modelOperations(): readonly OperationTraits[] {
  return [...known.values()].filter(({ isRaw }) => !isRaw)
}

type Flag = 'unique' | 'throws' | 'selection' | 'where' | 'page' | 'cursor' | 'data'

const known = new Map<string, OperationTraits>()

define('findUnique', 'read', 'rowOrNull', 'unique selection where')
define('findUniqueOrThrow', 'read', 'row', 'unique throws selection where')
define('findFirst', 'read', 'rowOrNull', 'selection where page cursor')
define('findFirstOrThrow', 'read', 'row', 'throws selection where page cursor')
define('findMany', 'read', 'rows', 'selection where page cursor')
define('count', 'read', 'count', 'where page cursor')
define('aggregate', 'read', 'aggregate', 'where page cursor')
define('groupBy', 'read', 'groups', 'where page')
define('create', 'write', 'row', 'selection data')
define('createMany', 'write', 'count', 'data')
define('createManyAndReturn', 'write', 'rows', 'selection data')
define('update', 'write', 'row', 'throws selection where data')
define('updateMany', 'write', 'count', 'where data')
define('updateManyAndReturn', 'write', 'rows', 'selection where data')
define('upsert', 'write', 'row', 'selection where data')
define('delete', 'write', 'row', 'throws selection where')
define('deleteMany', 'write', 'count', 'where')
define('$queryRaw', 'rawRead', 'raw')
define('$queryRawUnsafe', 'rawRead', 'raw')
define('$queryRawTyped', 'rawRead', 'raw')
define('$executeRaw', 'rawWrite', 'raw')
define('$executeRawUnsafe', 'rawWrite', 'raw')
define('$runCommandRaw', 'rawWrite', 'raw')
define('findRaw', 'rawRead', 'raw')
define('aggregateRaw', 'rawRead', 'raw')

function define(operation: string, kind: OperationKind, result: OperationResult, flags = ''): void {
  known.set(operation, traits(operation, kind, result, { isKnown: true, flags: flags.split(' ') as Flag[] }))
}

function traits(
  operation: string,
  kind: OperationKind,
  result: OperationResult,
  { isKnown, flags = [] }: { isKnown: boolean; flags?: readonly Flag[] },
): OperationTraits {
  return Object.freeze({
    operation,
    kind,
    isKnown,
    isRead: kind === 'read' || kind === 'rawRead',
    isWrite: kind === 'write' || kind === 'rawWrite',
    isRaw: kind === 'rawRead' || kind === 'rawWrite',
    result,
    returnsMany: result === 'rows' || result === 'groups',
    isAggregate: kind === 'read' && (result === 'count' || result === 'aggregate' || result === 'groups'),
    isUniqueRead: flags.includes('unique'),
    throwsWhenMissing: flags.includes('throws'),
    takesSelection: flags.includes('selection'),
    takesWhere: flags.includes('where'),
    takesPage: flags.includes('page'),
    takesCursor: flags.includes('cursor'),
    takesData: flags.includes('data'),
  })
}
