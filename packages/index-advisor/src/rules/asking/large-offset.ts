import type { Remark } from '../../advice/advice.ts'
import type { Advised, Rule } from '../../rule.ts'
import { clientName, tableOf } from '../../rule.ts'

/** Rows from which skipping is felt. */
const LARGE = 10_000

export const largeOffset: Rule = {
  name: 'large-offset',
  summary: 'A query skips many rows.',
  why: `The database reads and throws away every skipped row, with or without an index. A cursor (\`cursorPage\` of
@prisma-brisk/pagination) starts where the last page ended.`,
  silent: [`\`skip\` below ${LARGE.toLocaleString('en')} or not known.`],
  example: { given: `prisma.post.findMany({ skip: 100000, take: 20 })`, then: 'a remark naming the call' },
  apply({ catalog, shapes }) {
    const advice = shapes.flatMap((shape): Advised[] => {
      const table = tableOf(catalog, shape)
      if (table === undefined || typeof shape.offset !== 'number' || shape.offset < LARGE) return []
      const { at, fingerprint, operation } = shape.evidence
      const place = at ?? fingerprint ?? ''
      const then = { ...shape, offset: null }
      const remark: Remark = {
        kind: 'large-offset',
        model: table.model,
        index: place,
        reason: `${operation ?? 'A query'}${at === undefined ? '' : ` at ${at}`} skips ${shape.offset} rows, all of which are read; a cursor would not.`,
        change: `prisma.${clientName(table.model)}.cursorPage({ …, first: ${typeof shape.limit === 'number' ? shape.limit : 20}, after: cursor })`,
        cost: { rows: shape.offset },
      }
      return [shape.arm === null ? { remark, asked: { now: shape, then } } : { remark }]
    })
    return { advice }
  },
}
