import type { Candidate } from '../candidate/candidate.ts'
import { fieldOf } from '../candidate/candidate.ts'
import { documentClass, elementConditions, elementIndex, isOfDocument } from '../candidate/element-search.ts'
import { key } from '../candidate/index-need.ts'
import type { CatalogTable } from '../catalog/catalog.ts'
import type { ConditionOperator, QueryShape, ShapeEvidence } from '../shape/query-shape.ts'
import type { Evidence } from '../advice/advice.ts'
import { scannedAnyway } from './query-index.ts'
import type { Rule, RuleContext, RuleOutcome } from '../rule.ts'
import { tableOf } from '../rule.ts'

export const listElements: Rule = {
  name: 'list-elements',
  summary: 'A query looks for elements of a list column, which only a GIN index finds.',
  why: `\`has\`, \`hasEvery\` and \`hasSome\` on a \`String[]\` become array operators. A b-tree compares whole lists and cannot
answer them; a GIN index holds each element.`,
  silent: [
    'Databases other than PostgreSQL: they have no list columns.',
    'A GIN index holds the column, in its own class of operators.',
  ],
  example: {
    given: `prisma.post.findMany({ where: { tags: { has: 'prisma' } } })`,
    then: '`@@index([tags], type: Gin)` on Post',
  },
  apply: (context) => searched(context, listElements.name, (operator) => operator === 'list'),
}

export const jsonDocuments: Rule = {
  name: 'json-documents',
  summary: 'A query looks for what a Json document holds, which only a GIN index finds.',
  why: `\`array_contains\` without a path, and \`@>\` in SQL, ask whether the document holds another one. A GIN index with
\`JsonbPathOps\` holds one entry for each value in it; where a query asks for keys (\`?\`, \`?|\`, \`?&\`), it must be one with the
default operators, which is larger. What stands behind a \`path\` is found by neither.`,
  silent: [
    'Databases other than PostgreSQL; columns of the type `json`.',
    'A GIN index on the column whose operators answer the query.',
    'Filters with a `path`: an index on that expression could help, which Prisma cannot declare.',
  ],
  example: {
    given: `prisma.account.findMany({ where: { history: { array_contains: [{ id }] } } })`,
    then: '`@@index([history(ops: JsonbPathOps)], type: Gin)` on Account',
  },
  apply: (context) => searched(context, jsonDocuments.name, isOfDocument),
}

interface Wanted {
  readonly table: CatalogTable
  readonly column: string
  readonly operators: Set<ConditionOperator>
  readonly evidence: Evidence[]
  readonly operation: string
}

function searched(
  context: RuleContext,
  rule: string,
  isMeant: (operator: ConditionOperator) => boolean,
): RuleOutcome {
  if (context.catalog.provider !== 'postgresql') return {}
  const found = new Map<string, Wanted>()
  for (const shape of context.shapes) {
    const table = tableOf(context.catalog, shape)
    if (table === undefined || shape.evidence.weight === 0) continue
    const asked = elementConditions(table, shape).filter((each) => isMeant(each.operator))
    if (asked.length === 0 || scannedAnyway(context, table, shape) !== undefined) continue
    for (const condition of asked) {
      if (elementIndex(table, condition) !== undefined) continue
      const id = `${table.model}.${condition.column}`
      const wanted = found.get(id) ?? wantedBy(table, condition.column, shape)
      wanted.operators.add(condition.operator)
      wanted.evidence.push(evidenceOf(shape.evidence))
      found.set(id, wanted)
    }
  }
  return { candidates: [...found.values()].map((wanted) => candidate(wanted, rule)) }
}

function wantedBy(table: CatalogTable, column: string, { evidence }: QueryShape): Wanted {
  const operation = evidence.operation ?? 'A query'
  return { table, column, operators: new Set(), evidence: [], operation }
}

function candidate({ table, column, operators, evidence, operation }: Wanted, rule: string): Candidate {
  const isList = operators.has('list')
  const field = fieldOf(table, column)
  return {
    table,
    keys: [{ ...key(column), operatorClass: isList ? null : documentClass(operators) }],
    freeKeys: 1,
    predicate: null,
    prismaWhere: null,
    type: 'Gin',
    rule,
    severity: 'medium',
    reason: isList
      ? `${operation} looks for elements of ${field}: only a GIN index finds them.`
      : `${operation} looks for what ${field} holds: only a GIN index finds it.`,
    evidence,
    replaces: [],
    isFirstChoice: true,
  }
}

function evidenceOf({ kind, at, fingerprint, calls, isByName }: ShapeEvidence): Evidence {
  return {
    kind,
    ...(at === undefined ? {} : { at }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(calls === undefined ? {} : { calls }),
    ...(isByName === true ? { isByName } : {}),
  }
}
