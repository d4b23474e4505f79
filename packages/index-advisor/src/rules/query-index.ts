import type { Candidate, CandidateKey, RejectedCandidate } from '../candidate/candidate.ts'
import { candidateId, fieldOf } from '../candidate/candidate.ts'
import type { Catalog, CatalogTable } from '../catalog/catalog.ts'
import { elementConditions, trigramIndex } from '../candidate/element-search.ts'
import { begins } from '../catalog/coverage.ts'
import { IndexNames } from '../candidate/index-statement.ts'
import type { IndexNeed } from '../candidate/index-need.ts'
import { key, needsOf, servedBy } from '../candidate/index-need.ts'
import type { QueryShape, ShapeEvidence } from '../shape/query-shape.ts'
import type { Evidence, Remark } from '../advice/advice.ts'
import { fitToKeySize } from '../candidate/key-size.ts'
import { asPartial, onConstants } from './partial-index.ts'
import type { Rule, RuleContext } from '../rule.ts'
import { tableOf } from '../rule.ts'
import { narrows } from '../candidate/selectivity.ts'

export const queryIndex: Rule = {
  name: 'query-index',
  summary: 'A query filters or sorts by columns that no index holds in a usable order.',
  why: `The index begins with the columns compared by equality: foreign keys first, columns with few values last. Then comes
the sort, so that rows are read in order and reading stops at \`take\`, or one range. One index cannot serve a range
and a sort on different columns: without a planner the sort wins if there is a \`take\`, else the range. A b-tree can
be read backwards, so \`desc\` appears only if directions are mixed. If an index on the first columns exists, the
recommendation says that the longer one makes it redundant. Each arm of an \`OR\` gets an index of its own, without the sort: what the arms find is sorted together. PostgreSQL
sorts behind a column that it finds by IS NULL, so there no such column stands in front of a sort; SQLite, MySQL and
MariaDB read it in order. With row level security in the migrations or the statistics, what its policies compare by equality counts as a
condition of every query of the table, and nothing is proved there.`,
  silent: [
    'Unique lookups, and queries that an existing index serves.',
    'Conditions that a b-tree cannot use: `not`, `notIn`, `contains`, `endsWith`, `mode: insensitive`, and `startsWith` where the collation forbids it.',
    'A boolean, an enum or a test for NULL (a soft-delete column) alone, unless statistics say that the value is rare.',
    'A sort alone, or behind columns of few values, where the query also asks for something that could not be read, or of another table.',
    'Lists without a filter and without `take`: they read everything anyway.',
    'Conditions that are only sometimes present.',
    'Queries in tests, seeds and stories.',
  ],
  example: {
    given: `prisma.post.findMany({ where: { authorId, published: true }, orderBy: { createdAt: 'desc' }, take: 20 })`,
    then: '`@@index([authorId, published, createdAt])` on Post',
  },
  apply(context) {
    const candidates: Candidate[] = []
    const rejected: RejectedCandidate[] = []
    const findings: Remark[] = []
    for (const shape of context.shapes) {
      const table = tableOf(context.catalog, shape)
      if (table === undefined) continue
      if (shape.evidence.weight === 0) {
        rejected.push(...weightless(context, table, shape))
        continue
      }
      const reading = readShape(context, table, shape)
      candidates.push(...reading.candidates)
      rejected.push(...reading.rejected)
      findings.push(...reading.findings)
    }
    return { candidates: together(candidates), rejected, findings: uniqueFindings(findings) }
  },
}

/** Named, so that a query which was taken for a test's does not go missing. */
function weightless({ catalog }: RuleContext, table: CatalogTable, shape: QueryShape): RejectedCandidate[] {
  return needsOf(catalog, table, shape)
    .filter((need) => need.isFirstChoice && servedBy(need) === undefined)
    .map((need) => ({
      model: table.model,
      fields: needColumns(need).map((column) => fieldOf(table, column)),
      reason: `${operationOf(shape.evidence)} at ${shape.evidence.at ?? 'an unknown place'} counts for nothing: by its place it is a test, a seed or a story.`,
    }))
}

function readShape(
  context: RuleContext,
  table: CatalogTable,
  shape: QueryShape,
): { candidates: Candidate[]; rejected: RejectedCandidate[]; findings: Remark[] } {
  const reject = (columns: readonly string[], reason: string) => ({
    candidates: [],
    findings: [],
    rejected: [{ model: table.model, fields: columns.map((column) => fieldOf(table, column)), reason }],
  })
  const asked = shape.conditions.map((each) => each.column)
  const needs = needsOf(context.catalog, table, shape)
  if (needs.length === 0) {
    if (asked.length === 0) return { candidates: [], rejected: [], findings: [] }
    return reject(asked, unusable(context.catalog, table, shape))
  }
  const stuck = scannedAnyway(context, table, shape)
  if (stuck !== undefined) return reject(asked, stuck)
  const candidates: Candidate[] = []
  const rejected: RejectedCandidate[] = []
  const findings: Remark[] = []
  const served = needs.find((need) => need.isUnsorted !== true && servedBy(need) !== undefined)
  if (served !== undefined)
    return reject(
      needColumns(served),
      `The index ${servedBy(served)?.name} serves ${operationOf(shape.evidence)} already.`,
    )
  for (const need of needs) {
    if (need.isUnsorted === true && servedBy(need) !== undefined) continue
    const idle = narrows(context.catalog, need)
    if (idle !== null) {
      rejected.push(...reject(needColumns(need), idle).rejected)
      continue
    }
    const made = candidate(context.catalog, need)
    if ('reason' in made) rejected.push(...reject(needColumns(need), made.reason).rejected)
    else if (context.allowPartial) candidates.push(...withPartial(context, made.candidate, need))
    else {
      candidates.push(made.candidate)
      findings.push(...offered(context, made.candidate, need))
    }
  }
  return { candidates, rejected, findings }
}

/** Whole and partial where a planner must say which; where statistics say that the rows are few, the partial one leads. */
function withPartial(context: RuleContext, whole: Candidate, need: IndexNeed): Candidate[] {
  const base = asPartial(context.catalog, whole, need) ?? whole
  const constant = onConstants(context, base, need)
  if (constant === null) return [base]
  return [constant.isCertain ? { ...base, isFirstChoice: false } : base, constant.candidate]
}

/** Without consent to partial indexes the statement is shown where statistics say that the rows are few. */
function offered(context: RuleContext, whole: Candidate, need: IndexNeed): Remark[] {
  const constant = onConstants(context, whole, need)
  if (constant === null || !constant.isCertain) return []
  const { candidate: partial } = constant
  const { sql } = new IndexNames(context.catalog).statement(partial)
  return [
    {
      kind: 'partial-index',
      model: need.table.model,
      index: partial.keys.map((each) => fieldOf(need.table, each.column)).join(', '),
      reason: `${partial.reason} With previewFeatures = ["partialIndexes"] it is recommended and written; ${BY_HAND}${sql}`,
    },
  ]
}

/** One for each index, by its statement: of several queries that ask for it the first is named. */
function uniqueFindings(findings: readonly Remark[]): Remark[] {
  const byStatement = new Map<string, Remark>()
  for (const each of findings) {
    const key = `${each.model} ${each.reason.slice(each.reason.indexOf(BY_HAND))}`
    if (!byStatement.has(key)) byStatement.set(key, each)
  }
  return [...byStatement.values()]
}

const BY_HAND = 'by hand: '

/**
 * One arm of an OR that needs a scan makes the indexes of the others useless. An arm is found by a b-tree, by a GIN index
 * that exists or is recommended beside it, or by an index for patterns that exists.
 */
export function scannedAnyway(
  context: RuleContext,
  table: CatalogTable,
  shape: QueryShape,
): string | undefined {
  if (shape.arm === null) return undefined
  const siblings = context.shapes.filter(
    (each) =>
      each.arm === shape.arm && each.table === shape.table && sameQuery(each.evidence, shape.evidence),
  )
  const blind = siblings.find(
    (each) =>
      each !== shape &&
      !isFoundByElements(context.catalog, table, each) &&
      needsOf(context.catalog, table, each).every(
        (need) => need.equal.length === 0 && need.tailKind !== 'range',
      ),
  )
  if (blind === undefined) return undefined
  return `Another arm of the OR in ${operationOf(shape.evidence)} can use no index, so all rows are read anyway.`
}

function isFoundByElements({ provider }: Catalog, table: CatalogTable, shape: QueryShape): boolean {
  return (
    (provider === 'postgresql' && elementConditions(table, shape).length > 0) ||
    shape.conditions.some(
      (each) =>
        !each.isOptional &&
        ['pattern', 'any-case', 'prefix'].includes(each.operator) &&
        trigramIndex(table, each.column) !== undefined,
    )
  )
}

function sameQuery(a: ShapeEvidence, b: ShapeEvidence): boolean {
  return (
    a === b ||
    (a.at !== undefined && a.at === b.at) ||
    (a.fingerprint !== undefined && a.fingerprint === b.fingerprint)
  )
}

function unusable(catalog: Catalog, table: CatalogTable, shape: QueryShape): string {
  const required = shape.conditions.filter((each) => !each.isOptional)
  const fields = [...new Set(shape.conditions.map((each) => fieldOf(table, each.column)))].join(', ')
  if (required.length === 0) return `${fields} is only sometimes asked for in ${operationOf(shape.evidence)}.`
  const operators = new Set(required.map((each) => each.operator))
  if (operators.has('json-contains') || operators.has('json-key'))
    return catalog.provider === 'postgresql'
      ? `What a Json document holds is found by a GIN index, not by a b-tree (${operationOf(shape.evidence)}).`
      : `What a Json document holds cannot be found by an index here (${operationOf(shape.evidence)}).`
  if (operators.has('json'))
    return `A path in a Json column cannot be found by a b-tree (${operationOf(shape.evidence)}).`
  if (operators.has('list'))
    return catalog.provider === 'postgresql'
      ? `Elements of a list are found by a GIN index, not by a b-tree (${operationOf(shape.evidence)}).`
      : `Elements of a list cannot be found by an index here (${operationOf(shape.evidence)}).`
  if (operators.has('prefix') && operators.size === 1)
    return `startsWith can use a b-tree only where text is compared byte by byte (${operationOf(shape.evidence)}).`
  return `The conditions on ${fields} cannot use a b-tree (${operationOf(shape.evidence)}).`
}

function candidate(catalog: Catalog, need: IndexNeed): { candidate: Candidate } | { reason: string } {
  const { table, shape } = need
  const wanted: CandidateKey[] = [...need.equal.map(key), ...need.tail]
  const fitted = fitToKeySize(catalog.provider, table, wanted)
  if ('reason' in fitted) return fitted
  const { keys } = fitted
  const replaces = table.indexes.filter((index) => begins(index, keys))
  const made: Candidate = {
    table,
    keys,
    freeKeys: Math.min(need.equal.length, keys.length),
    predicate: null,
    prismaWhere: null,
    type: 'BTree',
    rule: queryIndex.name,
    severity: replaces.length > 0 ? 'low' : 'medium',
    reason: reasonOf(need),
    evidence: [evidenceOf(shape.evidence)],
    replaces: replaces.map((index) => index.name),
    isFirstChoice: need.isFirstChoice,
  }
  return { candidate: made }
}

function reasonOf(need: IndexNeed): string {
  const { table, shape } = need
  const fields = (columns: readonly string[]) => columns.map((column) => fieldOf(table, column)).join(', ')
  const parts = [
    ...(need.equal.length > 0 ? [`finds by ${fields(need.equal)}`] : []),
    ...(need.tail.length > 0
      ? [
          `${{ sort: 'sorts by', range: 'takes a range of', group: 'groups by', none: '' }[need.tailKind]} ${fields(need.tail.map((each) => each.column))}`,
        ]
      : []),
  ]
  const lack = parts.length > 1 ? 'no index does both' : 'no index helps'
  return `${operationOf(shape.evidence)} ${parts.join(' and ')}; ${lack}.`
}

function needColumns(need: IndexNeed): string[] {
  return [...need.equal, ...need.tail.map((each) => each.column)]
}

function operationOf(evidence: ShapeEvidence): string {
  return evidence.operation ?? evidence.fingerprint ?? evidence.at ?? 'a query'
}

function evidenceOf(evidence: ShapeEvidence): Evidence {
  return {
    kind: evidence.kind,
    ...(evidence.at === undefined ? {} : { at: evidence.at }),
    ...(evidence.fingerprint === undefined ? {} : { fingerprint: evidence.fingerprint }),
    ...(evidence.calls === undefined ? {} : { calls: evidence.calls }),
    ...(evidence.isByName === true ? { isByName: true } : {}),
  }
}

/** The same index wanted in several places is one candidate with several pieces of evidence. */
function together(candidates: readonly Candidate[]): Candidate[] {
  const byId = new Map<string, Candidate>()
  for (const each of candidates) {
    const id = candidateId(each)
    const known = byId.get(id)
    byId.set(id, known === undefined ? each : mergeEvidence(known, each))
  }
  return [...byId.values()]
}

function mergeEvidence(a: Candidate, b: Candidate): Candidate {
  return {
    ...a,
    freeKeys: Math.min(a.freeKeys, b.freeKeys),
    isFirstChoice: a.isFirstChoice || b.isFirstChoice,
    evidence: [...a.evidence, ...b.evidence],
  }
}
