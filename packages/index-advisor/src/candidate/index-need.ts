import type { CandidateKey } from './candidate.ts'
import type {
  Catalog,
  CatalogColumn,
  CatalogIndex,
  CatalogTable,
  IndexKey,
  Provider,
} from '../catalog/catalog.ts'
import { findsEqual, hashes, isNullable, isPlain, isUniqueFor } from '../catalog/coverage.ts'
import { leavesFew } from './selectivity.ts'
import { implies, readPredicate } from '../sql/predicate.ts'
import type { Condition, QueryShape } from '../shape/query-shape.ts'

/**
 * What an index must be to serve one query shape: some columns compared by equality, in any order, then either the
 * sort or one range. Equality must come before range and sort, because a b-tree is sorted by a later key only among
 * equal earlier ones; and range and sort on different columns cannot both be served.
 */
export interface IndexNeed {
  readonly provider: Provider
  readonly table: CatalogTable
  readonly shape: QueryShape
  /** Columns compared by equality, the best first. */
  readonly equal: readonly string[]
  readonly tail: readonly CandidateKey[]
  readonly tailKind: 'sort' | 'range' | 'group' | 'none'
  /** Else it is the second of two ways. */
  readonly isFirstChoice: boolean
  /** It finds the rows and leaves the sort to the server: what finds them so does not yet serve the query. */
  readonly isUnsorted?: true
}

/** The ways in which an index could serve the shape; empty when none can. */
export function needsOf(catalog: Catalog, table: CatalogTable, shape: QueryShape): IndexNeed[] {
  const reading = new ShapeReading(catalog, table, shape)
  return reading.needs()
}

class ShapeReading {
  private readonly required: readonly Condition[]

  constructor(
    private readonly catalog: Catalog,
    private readonly table: CatalogTable,
    private readonly shape: QueryShape,
  ) {
    this.required = shape.conditions.filter((each) => !each.isOptional)
  }

  needs(): IndexNeed[] {
    const equals = this.columns(this.required, ['equals', 'is-null'])
    const lists = this.columns(this.required, ['in']).filter((each) => !equals.includes(each))
    const ranges = this.columns(this.required, this.rangeOperators()).filter(
      (each) => !equals.includes(each) && !lists.includes(each),
    )
    const constant = this.constants(equals)
    const sort = this.sort(constant)
    const group = this.group(constant)
    const [range] = ranges
    const ways: IndexNeed[] = []
    const add = (
      equal: readonly string[],
      tailKind: IndexNeed['tailKind'],
      tail: readonly CandidateKey[],
    ) => {
      // A column stands once in a key: where it is compared by equality, its sort, group or range is decided.
      const columns = [...new Set(equal)]
      const rest = tail.filter(
        ({ column }, at) =>
          !columns.includes(column) && tail.findIndex((each) => each.column === column) === at,
      )
      if (columns.length + rest.length === 0) return
      const need = {
        provider: this.catalog.provider,
        table: this.table,
        shape: this.shape,
        equal: this.ranked(columns),
        tail: rest,
        tailKind: rest.length === 0 ? ('none' as const) : tailKind,
      }
      ways.push({ ...need, isFirstChoice: ways.length === 0 })
    }
    const all = [...equals, ...lists]
    const sortServesRange = sort.length > 0 && ranges.includes(sort[0]?.column ?? '')
    // Rows come in order and reading stops at the limit; without a limit all of them are read, so finding few counts.
    // What could not be read keeps rows away too: with no equality beside it that leaves few, reading in order may go on
    // for long.
    const leading = [...constant, ...lists]
    const isSortAlone =
      this.shape.isPartial && !sortServesRange && !leavesFew(this.table, this.shape, leading)
    const bySort = () => {
      if (!isSortAlone) add(constant, 'sort', sort)
      else if (range === undefined && lists.length === 0) add(all, 'none', [])
    }
    const byRange = () => {
      if (range !== undefined) add(all, 'range', [key(range)])
      else if (lists.length > 0) add(all, 'none', [])
    }
    if (sort.length > 0 && (sortServesRange || (range === undefined && lists.length === 0))) {
      if (leading.length > 0 || this.shape.limit !== null || sortServesRange) bySort()
      else add(all, 'none', [])
    } else if (sort.length > 0 && this.shape.limit !== null) {
      bySort()
      byRange()
    } else if (sort.length > 0) {
      byRange()
      bySort()
    } else if (group.length > 0 && leading.length > 0) {
      add(leading, 'group', group)
    } else {
      if (range !== undefined) for (const each of ranges) add(all, 'range', [key(each)])
      else add(all, 'none', [])
    }
    // PostgreSQL cannot have rows in order behind IS NULL. Where such rows are few, to find them and sort is the other way.
    if (sort.length > 0 && this.shape.limit !== null && constant.length < equals.length && ways.length > 0) {
      const before = ways.length
      add(all, 'none', [])
      const [last] = ways.slice(before)
      if (last !== undefined) ways.splice(before, 1, { ...last, isUnsorted: true })
    }
    const optional = this.columns(
      this.shape.conditions.filter((each) => each.isOptional),
      ['equals', 'is-null', 'in'],
    ).filter((each) => !all.includes(each))
    // With a column that only some calls ask for: their index is not that of the other calls.
    const isSorted = !isSortAlone || leavesFew(this.table, this.shape, optional)
    if (ways.length > 0 && optional.length > 0 && (sort.length === 0 || isSorted))
      add(
        [...constant, ...(sort.length > 0 ? this.constants(optional) : optional)],
        sort.length > 0 ? 'sort' : 'none',
        sort,
      )
    return ways
  }

  /**
   * Of the columns compared by equality those before which rows are still in order. PostgreSQL finds by IS NULL and takes
   * the column for no constant: behind it, it sorts.
   */
  private constants(equals: readonly string[]): readonly string[] {
    if (this.catalog.provider !== 'postgresql') return equals
    const nulls = nullTests(this.shape)
    return equals.filter((name) => !nulls.includes(name))
  }

  /** `LIKE 'x%'` is a range only where text is compared byte by byte; MySQL's collations allow it too. */
  private rangeOperators(): Condition['operator'][] {
    const { provider, collation } = this.catalog
    const prefixes =
      provider === 'mysql' || (provider === 'postgresql' && (collation === 'C' || collation === 'POSIX'))
    return prefixes ? ['range', 'prefix'] : ['range']
  }

  private columns(conditions: readonly Condition[], operators: readonly Condition['operator'][]): string[] {
    const found = conditions.filter((each) => operators.includes(each.operator)).map((each) => each.column)
    return [...new Set(found)].filter((name) => isIndexable(this.column(name)))
  }

  private column(name: string): CatalogColumn | undefined {
    return this.table.columns.find((each) => each.name === name)
  }

  /**
   * The sort's columns that are not constant already, up to one that is unique. A b-tree is read backwards as easily,
   * so only mixed directions need DESC.
   */
  private sort(equals: readonly string[]): CandidateKey[] {
    // What the arms of an OR find is put together, and only then sorted or grouped.
    if (this.shape.arm !== null) return []
    const keys: CandidateKey[] = []
    for (const each of this.shape.order) {
      if (each.sort === 'any') return []
      if (equals.includes(each.column)) continue
      // No index that a schema can declare has its NULLs there.
      if (!isIndexable(this.column(each.column)) || each.nulls !== undefined) return []
      keys.push({ ...key(each.column), sort: each.sort })
      if (this.isUnique(each.column)) break
    }
    // InnoDB's secondary indexes end in the primary key anyway.
    while (this.catalog.provider === 'mysql' && keys.length > 1 && this.endsInPrimaryKey(keys)) keys.pop()
    return keys.every((each) => each.sort === 'desc') ? keys.map((each) => ({ ...each, sort: 'asc' })) : keys
  }

  private group(equals: readonly string[]): CandidateKey[] {
    if (this.shape.arm !== null || this.shape.order.some((each) => each.sort !== 'any')) return []
    return this.shape.order
      .filter((each) => !equals.includes(each.column) && isIndexable(this.column(each.column)))
      .map((each) => key(each.column))
  }

  /** After a unique column nothing is left to sort; NULLs of a nullable one may be many. */
  private isUnique(column: string): boolean {
    return this.table.indexes.some(
      (index) => index.predicate === null && isUniqueFor(index, this.table, [column], () => true),
    )
  }

  private endsInPrimaryKey(keys: readonly CandidateKey[]): boolean {
    const primary = this.table.indexes.find((index) => index.kind === 'primary')
    const last = keys.at(-1)
    return (
      primary?.keys.length === 1 &&
      primary.keys[0]?.column === last?.column &&
      last?.sort === keys.at(-2)?.sort
    )
  }

  /** Foreign keys first, so that the index serves the relation too; columns of few values last; else as written. */
  private ranked(columns: readonly string[]): string[] {
    const rank = (name: string) => {
      const column = this.column(name)
      if (this.table.foreignKeys.some((each) => each.columns[0] === name)) return 0
      const isNullTest = this.required.some((each) => each.column === name && each.operator === 'is-null')
      return isNullTest || column?.isEnum === true || column?.type === 'Boolean' ? 2 : 1
    }
    return [...columns].sort((a, b) => rank(a) - rank(b))
  }
}

/** Can a b-tree key be made of it? */
export function isIndexable(column: CatalogColumn | undefined): column is CatalogColumn {
  return (
    column !== undefined &&
    column.isSupported &&
    !column.isList &&
    column.type !== 'Json' &&
    !isUnordered(column)
  )
}

function isUnordered(column: CatalogColumn): boolean {
  return ['Xml', 'Json', 'JsonB'].includes(column.nativeType?.name ?? '')
}

export function key(column: string): CandidateKey {
  return { column, expression: null, sort: 'asc', length: null, operatorClass: null }
}

/** The existing index that already does what is needed. */
export function servedBy(need: IndexNeed): CatalogIndex | undefined {
  return need.table.indexes.find((index) => serves(index, need))
}

function serves(index: CatalogIndex, need: IndexNeed): boolean {
  if (index.unusable !== undefined) return false
  const held = index.predicate === null ? [] : readPredicate(index.predicate)
  if (
    !implies(
      need.shape.conditions.filter((each) => isKnownInPlanning(need, each)),
      held,
    )
  )
    return false
  const constant = (held ?? []).filter((each) => fixes(each, need)).map((each) => each.column)
  const { equal } = need
  // The predicate finds the range itself.
  const tail =
    need.tailKind === 'range' ? need.tail.filter((each) => !constant.includes(each.column)) : need.tail
  if (index.type === 'Hash')
    return tail.length === 0 && equal.length === 1 && hashes(index, equal[0] as string)
  if (index.type !== 'BTree') return false
  // At most one row for each combination of values: nothing is left to sort or to narrow.
  const given = [...equal, ...nullTests(need.shape)]
  const isOneRow = isUniqueFor(index, need.table, given, (column) => asksForNull(need, column))
  if (isOneRow && index.keys.every(findsEqual)) return true
  const wanted = equal.filter((column) => !constant.includes(column))
  // Behind a column that MySQL cuts to a length nothing is in order, so no index could go further.
  const cut = index.keys.findIndex((each) => each.length !== null)
  const isCut = cut !== -1 && cut < wanted.length
  const prefix = index.keys.slice(0, isCut ? cut + 1 : wanted.length)
  if (!isCut && prefix.length < wanted.length) return false
  const findsPart = (each: IndexKey) => findsEqual(each.length === null ? each : { ...each, length: null })
  if (!prefix.every((each) => wanted.includes(each.column ?? '') && findsPart(each))) return false
  if (isCut) return true
  const rest = index.keys.slice(wanted.length)
  if (tail.length === 0) return true
  if (need.tailKind === 'group') {
    const columns = rest.slice(0, tail.length).flatMap((each) => (isPlain(each) ? each.column : []))
    return tail.every((each) => columns.includes(each.column))
  }
  if (!tail.every((each, at) => rest[at]?.column === each.column && isPlain(rest[at]))) return false
  if (need.tailKind === 'sort' && rest.slice(0, tail.length).some((each) => each.nulls !== undefined))
    return false
  const flips = tail.map((each, at) => each.sort === rest[at]?.sort)
  return need.tailKind !== 'sort' || flips.every((each) => each === flips[0])
}

function nullTests({ conditions }: QueryShape): string[] {
  return conditions.filter((each) => each.operator === 'is-null').map((each) => each.column)
}

/** A value that is not known may be NULL, of which a unique index holds many. */
function asksForNull({ shape, table }: IndexNeed, column: string): boolean {
  return isNullable(table, column) && nullTests(shape).includes(column)
}

/** The rows in the index are those that the query asks for by this column, and no more. */
function fixes(held: Condition, { shape }: IndexNeed): boolean {
  if (held.operator !== 'in') return held.operator !== 'is-not-null'
  return shape.conditions.some(
    (each) =>
      each.operator === 'in' &&
      each.column === held.column &&
      each.literals?.length === held.literals?.length,
  )
}

/**
 * Does the server see the condition when it matches the predicates of partial indexes? Values that Prisma binds are seen
 * where plans are made for them, with two exceptions: PostgreSQL cannot compute Prisma's cast of a text to an enum
 * (`CAST($1::text AS "Status")`) while it plans, and SQLite compares no bound list.
 */
export function isKnownInPlanning(
  { provider, table }: Pick<IndexNeed, 'provider' | 'table'>,
  { column, operator, isBound }: Condition,
): boolean {
  if (isBound !== true) return true
  if (provider === 'sqlite') return operator !== 'in'
  return table.columns.find((each) => each.name === column)?.isEnum !== true
}
