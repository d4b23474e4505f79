import type { Candidate } from '../candidate/candidate.ts'
import { fieldOf } from '../candidate/candidate.ts'
import { key } from '../candidate/index-need.ts'
import type { Evidence } from '../advice/advice.ts'
import type { Rule } from './rule.ts'
import { tableOf } from './rule.ts'

export const listElements: Rule = {
  name: 'list-elements',
  summary: 'A query looks for elements of a list column, which only a GIN index finds.',
  why: `\`has\`, \`hasEvery\` and \`hasSome\` on a \`String[]\` become array operators. A b-tree compares whole lists and cannot
answer them; a GIN index holds each element.`,
  silent: [
    'Databases other than PostgreSQL: they have no list columns.',
    'A GIN index on the column exists.',
  ],
  example: {
    given: `prisma.post.findMany({ where: { tags: { has: 'prisma' } } })`,
    then: '`@@index([tags], type: Gin)` on Post',
  },
  apply({ catalog, shapes }) {
    if (catalog.provider !== 'postgresql') return {}
    const found = new Map<string, Candidate>()
    for (const shape of shapes) {
      const table = tableOf(catalog, shape)
      if (table === undefined || shape.evidence.weight === 0 || shape.arm !== null) continue
      for (const condition of shape.conditions) {
        const column = table.columns.find((each) => each.name === condition.column)
        if (condition.operator !== 'list' || condition.isOptional || column?.isList !== true) continue
        if (table.indexes.some((index) => index.type === 'Gin' && index.keys[0]?.column === column.name))
          continue
        const id = `${table.model}.${column.name}`
        const known = found.get(id)
        const { kind, at, fingerprint, calls } = shape.evidence
        const evidence: Evidence = {
          kind,
          ...(at === undefined ? {} : { at }),
          ...(fingerprint === undefined ? {} : { fingerprint }),
          ...(calls === undefined ? {} : { calls }),
        }
        found.set(id, {
          table,
          keys: [key(column.name)],
          freeKeys: 1,
          predicate: null,
          prismaWhere: null,
          type: 'Gin',
          rule: listElements.name,
          severity: 'medium',
          reason: `${shape.evidence.operation ?? 'A query'} looks for elements of ${fieldOf(table, column.name)}: only a GIN index finds them.`,
          evidence: [...(known?.evidence ?? []), evidence],
          replaces: [],
          isFirstChoice: true,
        })
      }
    }
    return { candidates: [...found.values()] }
  },
}
