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
import { MergeMismatch, type Ask } from '../statement/statement.ts'

/** One for each driver: what several clients on it ask for looks the same there. */
const statements = new WeakMap<DriverTap, LateralStatements>()

/** A key by which first rows are being asked for. */
interface AskedKey {
  /** Its table and its column, as Prisma writes them. */
  readonly table: string
  readonly column: string
  /** The type whose array carries its values. */
  readonly type: string
  /** Statements on their way to the driver. */
  underWay: number
  /** Those that the driver has got, and those that it has answered. */
  seen: number
  answered: number
}

/**
 * Statements that Prisma makes for the rows of several keys, and the driver sends as one that finds the first rows of each.
 *
 * `findMany` is asked for the rows of all keys: `take` is what all of them together may have, `skip` what each of them passes
 * over, and its order ends in a mark, by which the statement is known: the key itself, up and down and up and down. That is
 * no order beyond the one before it, and nobody writes it. The driver is listened to only while such statements are under
 * way, and without the context of calls, which would make every promise of the process dearer. What is not of the form in
 * which Prisma writes it is not sent.
 */
export class LateralStatements {
  /** By column. */
  private readonly asked = new Map<string, AskedKey>()
  private stopListening: (() => void) | null = null
  /** Columns whose statements Prisma writes in another way than is known here. */
  private readonly unknown = new Set<string>()

  private constructor(private readonly tap: DriverTap) {}

  /** Null where the first rows of such calls cannot be found in this way. */
  static for(ask: Ask): LateralStatements | null {
    const { group, key, slots } = ask
    const { host, args } = group.first.call
    const { provider } = host
    const tap = DriverTap.of(host)
    if (provider !== 'postgresql' || tap?.status !== 'connected' || slots.size < 2) return null
    if (arrayTypeOf(ask) === null || !KeyIndexes.of(host).has(group.model, key) || countsRelations(args))
      return null
    let known = statements.get(tap)
    if (known === undefined) statements.set(tap, (known = new LateralStatements(tap)))
    return known.unknown.has(placeOf(ask).column) ? null : known
  }

  /** Sends `findMany` with these arguments; null where the statement was not sent, because it could not be read. */
  async send(ask: Ask, args: Args): Promise<unknown> {
    const { key, question, slots } = ask
    const asked = this.begin(ask)
    const orderBy = [args['orderBy'] ?? question.sort.map(({ field, direction }) => ({ [field]: direction }))]
    try {
      const rows = await ask.group.first.call.send('findMany', {
        ...args,
        orderBy: [...orderBy.flat(), ...MARK.map((direction) => ({ [key.name]: direction }))],
        take: (question.take as number) * slots.size,
        skip: question.skip,
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

  private begin(ask: Ask): AskedKey {
    const place = placeOf(ask)
    let asked = this.asked.get(place.column)
    if (asked === undefined) {
      asked = { ...place, type: arrayTypeOf(ask) as string, underWay: 0, seen: 0, answered: 0 }
      this.asked.set(place.column, asked)
    }
    asked.underWay++
    this.stopListening ??= this.tap.listen(this.listener)
    return asked
  }

  private end(asked: AskedKey): void {
    asked.underWay--
    if (asked.underWay > 0) return
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
      throw new Error('Prisma wrote the statement in another way than is known.')
    }
    return null
  }
}

/** A key's table and column, as Prisma writes them. */
function placeOf({ group, key }: Ask): Pick<AskedKey, 'table' | 'column'> {
  const sql = new Sql(group.first.call.host)
  const table = sql.table(group.model)
  return { table, column: `${table}.${sql.quote(key.column)}` }
}

/** Whether rows come with numbers of others (`_count`), for which Prisma joins a subquery to their table. */
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
 * The statement with its rows found for each key by itself. The keys are bound as they are, so that each has the type and the
 * spelling that Prisma gives it. LIMIT stays where it is, and cuts nothing; OFFSET goes to each of them.
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
