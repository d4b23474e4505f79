import {
  type Args,
  type DriverListener,
  DriverTap,
  readSelect,
  type SelectText,
  splitList,
  type Statement,
} from '@prisma-brisk/core'
import { arrayTypeOf } from '../statement/array-type.ts'
import { KeyIndexes } from '../statement/key-index.ts'
import { Sql } from '../statement/sql.ts'
import { MergeMismatch, type MergedRead } from '../statement/statement.ts'

/** One for each driver, which several clients may share. */
const statements = new WeakMap<DriverTap, LateralStatements>()

/** A key column whose first rows are being read. */
interface AskedKey {
  /** Its table and its column, as Prisma writes them. */
  readonly table: string
  readonly column: string
  /** The type whose array carries its values. */
  readonly type: string
  /** Statements on their way to the driver. */
  inFlight: number
  /** Statements that were rewritten, and statements that have been answered. */
  seen: number
  answered: number
}

/**
 * Statements that Prisma generates for the rows of several keys, rewritten on their way to the driver so that they return
 * the first rows of each key.
 *
 * `findMany` selects the rows of all keys: `take` is the sum of what each key may have, `skip` is what each key skips, and
 * its order ends in a mark that identifies the statement: the key ordered ASC, DESC, ASC, DESC. It sorts nothing further, and
 * no one writes it by hand. The driver is listened to only while such statements are in flight, and without the context of
 * calls, which would make every promise of the process slower. A statement in any other form than the known one is not sent.
 */
export class LateralStatements {
  /** By column. */
  private readonly asked = new Map<string, AskedKey>()
  private stopListening: (() => void) | null = null
  /** Columns whose statements Prisma writes in a form that is not known here. */
  private readonly unknown = new Set<string>()

  private constructor(private readonly tap: DriverTap) {}

  /** Null where the first rows of such calls cannot be found in this way. */
  static for(read: MergedRead): LateralStatements | null {
    const { group, key, slots } = read
    const { host, args } = group.first.call
    const { provider } = host
    const tap = DriverTap.of(host)
    if (provider !== 'postgresql' || tap?.status !== 'connected' || slots.size < 2) return null
    if (arrayTypeOf(read) === null || !KeyIndexes.of(host).has(group.model, key) || countsRelations(args))
      return null
    let known = statements.get(tap)
    if (known === undefined) statements.set(tap, (known = new LateralStatements(tap)))
    return known.unknown.has(sqlNamesOf(read).column) ? null : known
  }

  /** Sends `findMany` with these arguments; null where the statement was not sent, because it could not be read. */
  async send(read: MergedRead, args: Args): Promise<unknown> {
    const { key, batchKey, slots } = read
    const asked = this.begin(read)
    const orderBy = [args['orderBy'] ?? batchKey.sort.map(({ field, direction }) => ({ [field]: direction }))]
    try {
      const rows = await read.group.first.call.send('findMany', {
        ...args,
        orderBy: [...orderBy.flat(), ...MARK.map((direction) => ({ [key.name]: direction }))],
        take: (batchKey.take as number) * slots.size,
        skip: batchKey.skip,
      })
      if (++asked.answered <= asked.seen) return rows
      this.unknown.add(asked.column)
      throw new MergeMismatch('Prisma wrote a statement without its mark', true)
    } catch (error) {
      if (error instanceof MergeMismatch || !this.unknown.has(asked.column)) throw error
      return null
    } finally {
      this.end(asked)
    }
  }

  private begin(read: MergedRead): AskedKey {
    const names = sqlNamesOf(read)
    let asked = this.asked.get(names.column)
    if (asked === undefined) {
      asked = { ...names, type: arrayTypeOf(read) as string, inFlight: 0, seen: 0, answered: 0 }
      this.asked.set(names.column, asked)
    }
    asked.inFlight++
    this.stopListening ??= this.tap.listen(this.listener)
    return asked
  }

  private end(asked: AskedKey): void {
    asked.inFlight--
    if (asked.inFlight > 0) return
    this.asked.delete(asked.column)
    if (this.asked.size > 0) return
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
    for (const asked of this.asked.values()) {
      if (!sql.includes(markOf(asked))) continue
      const lateral = lateralSql(sql, args, asked)
      if (lateral !== null) {
        asked.seen++
        return lateral
      }
      this.unknown.add(asked.column)
      throw new Error('Prisma wrote the statement in a form that is not known.')
    }
    return null
  }
}

/** A key's table and column, as Prisma writes them. */
function sqlNamesOf({ group, key }: MergedRead): Pick<AskedKey, 'table' | 'column'> {
  const sql = new Sql(group.first.call.host)
  const table = sql.table(group.model)
  return { table, column: `${table}.${sql.quote(key.column)}` }
}

/** Whether the selection counts relations (`_count`), for which Prisma joins a subquery. */
function countsRelations(args: Args): boolean {
  return ['select', 'include'].some((clause) => {
    const fields = args[clause] as Args | undefined
    return fields?.['_count'] !== undefined && fields['_count'] !== false
  })
}

const MARK = ['asc', 'desc', 'asc', 'desc'] as const
const markOf = ({ column }: Pick<AskedKey, 'column'>): string =>
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
  asked: Pick<AskedKey, 'table' | 'column' | 'type'>,
): LateralSql | null {
  const { table, column, type } = asked
  const select = readSelect(sql)
  if (select === null || select.from !== table) return null
  const { columns, where, orderBy, tail, comment } = select
  const mark = markOf(asked)
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
    `ORDER BY ${orderBy.slice(0, -mark.length)} LIMIT ${page.limit / keys.length} OFFSET ${page.offset}`
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
