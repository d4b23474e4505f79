import type { Remark } from '../advice/advice.ts'
import type { Rule } from './rule.ts'
import { tableOf } from './rule.ts'

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
    const findings = shapes.flatMap((shape): Remark[] => {
      const table = tableOf(catalog, shape)
      if (table === undefined || typeof shape.offset !== 'number' || shape.offset < LARGE) return []
      const { at, fingerprint, operation } = shape.evidence
      const place = at ?? fingerprint ?? ''
      return [
        {
          kind: 'large-offset',
          model: table.model,
          index: place,
          reason: `${operation ?? 'A query'}${at === undefined ? '' : ` at ${at}`} skips ${shape.offset} rows, all of which are read; a cursor would not.`,
        },
      ]
    })
    return { findings }
  },
}
