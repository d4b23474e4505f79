import type { SqlAnswer } from '@prisma-brisk/core'
import type { LimitedSql } from './limit-sql.ts'
import type { RowLimit } from './row-limit.ts'

/**
 * The answer to a statement with a limit, as Prisma expects it: what was added is taken off. Fails where one parent has too
 * many rows; `offset` of them the statement has passed over.
 */
export function limitedAnswer(
  result: SqlAnswer,
  limit: RowLimit,
  { extra, rowNumberAt, startAt }: LimitedSql,
  offset: number,
): SqlAnswer {
  const { rows } = result
  const isTooLong =
    rowNumberAt === null
      ? rows.length > limit.failAbove - offset
      : limit.failAbove !== Infinity &&
        rows.some((row) => numberAt(row, rowNumberAt) - firstOf(row, startAt) >= limit.failAbove)
  if (isTooLong) throw limit.fail()
  if (extra === 0) return result
  for (const row of rows) row.length -= extra
  return {
    ...result,
    ...(result.columnNames === undefined ? {} : { columnNames: result.columnNames.slice(0, -extra) }),
    ...(result.columnTypes === undefined ? {} : { columnTypes: result.columnTypes.slice(0, -extra) }),
  }
}

const numberAt = (row: readonly unknown[], fromEnd: number): number => Number(row[row.length - fromEnd])

const firstOf = (row: readonly unknown[], startAt: number | null): number =>
  startAt === null ? 1 : numberAt(row, startAt)
