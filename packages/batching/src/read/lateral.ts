import {
  DriverTap,
  readSelect,
  splitList,
  type Args,
  type DriverListener,
  type SelectText,
  type Statement,
} from '@prisma-brisk/core'
import { arrayTypeOf } from '../statement/array-type.ts'
import { KeyIndexes } from '../statement/key-index.ts'
import type { SingleKey } from '../statement/merge-key.ts'
import { Sql } from '../statement/sql.ts'
import type { MergedRead } from '../statement/statement.ts'

type FirstRead = MergedRead<SingleKey>

/** One for each driver, which several clients may share. */
const statements = new WeakMap<DriverTap, LateralStatements>()

/** A statement that Prisma has been asked for, and how it is known at the driver. */
interface ExpectedStatement {
  /** Its table and its key column, as Prisma writes them. */
  readonly table: string
  readonly column: string
  /** The type whose array carries its keys. */
  readonly type: string
  isRewritten: boolean
  /** Whether it came in a form that is not known here, and was stopped. */
  isStopped: boolean
}

/**
 * Statements that Prisma generates for the rows of several keys, rewritten on their way to the driver so that they return
 * the first rows of each key.
 *
 * `findMany` selects the rows of all keys: `take` is the sum of what each key may have, and its order ends in a mark that
 * identifies such statements: the key ordered ASC, DESC, ASC, DESC. It sorts nothing further, and no one writes it by hand.
 * `skip` is what each key skips plus a number times {@link STEP}, which says which of the statements it is: one that reaches
 * the database in spite of all skips every row there is. The driver is listened to only while such statements are in flight,
 * and without the context of calls, which would make every promise of the process slower. A statement that has the mark, but
 * is of another form than the known one, is not sent.
 */
export class LateralStatements {
  /** By their number. */
  private readonly expected = new Map<number, ExpectedStatement>()
  private lastNumber = 0
  private stopListening: (() => void) | null = null
  /** Columns, by how relations are loaded, whose statements Prisma writes in a form that is not known here. */
  private readonly unknown = new Set<string>()

  private constructor(private readonly tap: DriverTap) {}

  /** Null where the first rows of such calls cannot be found in this way. */
  static for(read: FirstRead): LateralStatements | null {
    const { group, batchKey, key, slots } = read
    const { host, args } = group.first.call
    const tap = DriverTap.of(host)
    if (host.provider !== 'postgresql' || tap?.status !== 'connected' || slots.size < 2) return null
    if (arrayTypeOf(key) === null || !KeyIndexes.of(host).has(group.model, key.field)) return null
    if (countsRelations(args) || batchKey.skip >= STEP) return null
    let known = statements.get(tap)
    if (known === undefined) statements.set(tap, (known = new LateralStatements(tap)))
    return known.unknown.has(formOf(read)) ? null : known
  }

  /**
   * Sends `findMany` with these arguments; null where the statement was stopped, or reached the database as Prisma wrote it,
   * because it could not be recognised.
   */
  async send(read: FirstRead, args: Args): Promise<unknown> {
    const { key, batchKey, slots } = read
    const statement: ExpectedStatement = {
      ...sqlNamesOf(read),
      type: arrayTypeOf(key) as string,
      isRewritten: false,
      isStopped: false,
    }
    const number = this.begin(statement)
    const orderBy = [args['orderBy'] ?? batchKey.sort.map(({ field, direction }) => ({ [field]: direction }))]
    try {
      const rows = await read.group.first.call.send('findMany', {
        ...args,
        orderBy: [...orderBy.flat(), ...MARK.map((direction) => ({ [key.field.name]: direction }))],
        // As many as all keys together may have. Prisma orders rows that are taken, as it would for each caller.
        take: (batchKey.take as number) * slots.size,
        skip: batchKey.skip + number * STEP,
      })
      if (statement.isRewritten) return rows
    } catch (error) {
      if (!statement.isStopped) throw error
    } finally {
      this.end(number)
    }
    this.unknown.add(formOf(read))
    return null
  }

  private begin(statement: ExpectedStatement): number {
    do this.lastNumber = (this.lastNumber % NUMBERS) + 1
    while (this.expected.has(this.lastNumber) && this.expected.size < NUMBERS)
    this.expected.set(this.lastNumber, statement)
    this.stopListening ??= this.tap.listen(this.listener)
    return this.lastNumber
  }

  private end(number: number): void {
    this.expected.delete(number)
    if (this.expected.size > 0) return
    this.stopListening?.()
    this.stopListening = null
  }

  private readonly listener: DriverListener = {
    asksForCall: false,
    rewrite: ({ sql, args, argTypes }: Statement) => {
      const lateral = this.laterally(sql, args)
      return lateral === null ? null : { query: { ...lateral, argTypes } as never }
    },
  }

  private laterally(sql: string, args: readonly unknown[]): LateralSql | null {
    const statement = this.expected.get(numberOf(sql, args))
    if (statement === undefined || !sql.includes(markOf(statement))) return null
    const lateral = lateralSql(sql, args, statement)
    if (lateral !== null) {
      statement.isRewritten = true
      return lateral
    }
    statement.isStopped = true
    throw new Error('Prisma wrote the statement in a form that is not known.')
  }
}

/** What is skipped for each key is less than this; what is skipped for it says which statement it is. */
const STEP = 2 ** 20
/** Prisma skips no more than a signed 32-bit number of rows. */
const NUMBERS = 2 ** 11 - 1

/** The number that stands in OFFSET; 0 where there is none. */
function numberOf(sql: string, args: readonly unknown[]): number {
  const [, offset] = / OFFSET \$(\d+)(?: \/\*.*\*\/)?$/.exec(sql) ?? []
  return offset === undefined ? 0 : Math.floor(Number(args[Number(offset) - 1]) / STEP)
}

/** A key's table and column, as Prisma writes them. */
function sqlNamesOf({ group, key }: FirstRead): { readonly table: string; readonly column: string } {
  const sql = new Sql(group.first.call.host)
  const table = sql.table(group.model)
  return { table, column: `${table}.${sql.quote(key.field.column)}` }
}

/** Statements of one column are of one form, except that relations may be loaded by joins. */
function formOf(read: FirstRead): string {
  const { args } = read.group.first.call
  return `${sqlNamesOf(read).column} ${String(args['relationLoadStrategy'])}`
}

/** Whether the selection counts relations (`_count`), for which Prisma joins a subquery. */
function countsRelations(args: Args): boolean {
  return ['select', 'include'].some((clause) => {
    const fields = args[clause] as Args | undefined
    return fields?.['_count'] !== undefined && fields['_count'] !== false
  })
}

const MARK = ['asc', 'desc', 'asc', 'desc'] as const
const markOf = ({ column }: Pick<ExpectedStatement, 'column'>): string =>
  MARK.map((direction) => `, ${column} ${direction.toUpperCase()}`).join('')

/** A statement, and the values of its placeholders. */
interface LateralSql {
  readonly sql: string
  readonly args: readonly unknown[]
}

/**
 * The statement with a LATERAL subquery for each key. The keys stay bound as they are, so that each keeps the type and the
 * spelling that Prisma gives it. The outer LIMIT stays and cuts nothing; OFFSET moves into the subqueries.
 */
export function lateralSql(
  sql: string,
  args: readonly unknown[],
  expected: Pick<ExpectedStatement, 'table' | 'column' | 'type'>,
): LateralSql | null {
  const { table, column, type } = expected
  const select = readSelect(sql)
  if (select === null || select.from !== table) return null
  const { columns, where, orderBy, tail, comment } = select
  const mark = markOf(expected)
  const text = `${column} IN (`
  const start = where.indexOf(text)
  const end = where.indexOf(')', start)
  if (start < 0 || where.includes(text, start + 1) || !orderBy.endsWith(mark)) return null
  const keys = splitList(where.slice(start + text.length, end))
  if (!keys.every((key) => /^\$\d+$/.test(key))) return null
  const page = pageOf(select, args)
  if (page === null || page.limit % keys.length !== 0) return null
  const each =
    `SELECT ${columns} FROM ${table} WHERE ${where.slice(0, start)}${column} = "@key"."v"${where.slice(end + 1)} ` +
    `ORDER BY ${orderBy.slice(0, -mark.length)} LIMIT ${page.limit / keys.length} OFFSET ${page.offset % STEP}`
  return {
    sql: `SELECT "@row".* FROM unnest(ARRAY[${keys.join(',')}]::${type}[]) AS "@key"("v") CROSS JOIN LATERAL (${each}) AS "@row"${tail}${comment}`,
    args: page.args,
  }
}

/** What LIMIT and OFFSET say, and the values with no OFFSET. */
function pageOf({ tail }: SelectText, args: readonly unknown[]) {
  const placeholders = /^ LIMIT \$(\d+) OFFSET \$(\d+)$/.exec(tail)
  if (placeholders === null) return null
  const [limit, offset] = [Number(placeholders[1]) - 1, Number(placeholders[2]) - 1]
  const page = { limit: Number(args[limit]), offset: Number(args[offset]) }
  if (!Number.isSafeInteger(page.limit) || !Number.isSafeInteger(page.offset)) return null
  return { ...page, args: args.with(offset, typeof args[offset] === 'string' ? '0' : 0) }
}
