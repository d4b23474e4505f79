import { relative, resolve } from 'node:path'
import type { AdviceRun, Collected, Decision } from './advice-run.ts'
import type { Candidate, RejectedCandidate } from './candidate/candidate.ts'
import { candidateId, fieldOf } from './candidate/candidate.ts'
import type { Catalog } from './catalog/catalog.ts'
import { loadPredicateParser } from './sql/predicate.ts'
import { ignoreFor, ignoreForIndex } from './schema/ignored.ts'
import type { Project } from '@prisma-brisk/core/project'
import { findProject } from '@prisma-brisk/core/project'
import type { SchemaReading } from './schema/schema-collector.ts'
import { playOnPaper } from './history/migration-indexes.ts'
import { readSchema } from './schema/schema-collector.ts'
import type { CatalogStatistics } from './catalog/with-statistics.ts'
import { withMigrations } from './history/with-migrations.ts'
import { withStatistics } from './catalog/with-statistics.ts'
import { IndexNames } from './candidate/index-statement.ts'
import { migrationsElsewhere, readMigrations } from './history/migration-history.ts'
import { AdvisorError } from './errors.ts'
import type { AdviseOptions } from './options.ts'
import { resolveOptions } from './options.ts'
import type { Advice, Recommendation, Remark } from './advice/advice.ts'
import { FindingPlaces } from './finding-places.ts'
import { pricedAdvice } from './selection/priced-advice.ts'
import { tableOf } from './rule.ts'
import { rules } from './rules/index.ts'
import type { Condition, QueryShape } from './shape/query-shape.ts'
import type { SourceReading } from './source/source-collector.ts'
import { insertCost } from './upkeep/insert-cost.ts'
import { unsettledSaid } from './upkeep/unsettled.ts'
import { compareText } from './text-order.ts'

/**
 * Collects, applies the rules, lets the selector decide. Reads files and changes nothing.
 *
 * @throws AdvisorError E_INVALID_OPTIONS, E_SCHEMA_NOT_FOUND, E_SCHEMA_INVALID, E_SOURCE_NOT_FOUND, E_MIGRATIONS
 * @example
 * const { advice } = await advise({ source: ['src/**\/*.ts'] })
 * for (const { prisma, reason } of advice.recommendations) console.log(prisma, reason)
 */
export async function advise(options: AdviseOptions = {}): Promise<AdviceRun> {
  return adviseOn(await collect(options), options)
}

/** Reads schema, migrations and statistics: the first half of `advise`, for whoever needs the catalog in between. */
export async function collect(
  options: Pick<AdviseOptions, 'cwd' | 'schema' | 'migrations' | 'statistics'>,
): Promise<Collected> {
  const { cwd, schema: path, migrations, statistics } = resolveOptions(options)
  const found = await findProject({
    cwd,
    ...(path === null ? {} : { schema: path }),
    configLoader: () => import('@prisma/config'),
  })
  const project =
    migrations === null ? found : { ...found, migrationsDirectory: resolve(found.cwd, migrations) }
  const schema = await readSchema(
    project.schemaFiles.map((file) => ({
      file: relative(project.cwd, file.path) || file.path,
      text: file.text,
    })),
    { externalTables: project.externalTables },
  )
  if ('unsupported' in schema) return { project, reading: schema }
  return {
    project,
    reading: {
      ...schema,
      catalog: await completed(project, schema.catalog, statistics, migrations !== null),
    },
  }
}

/** Rules and selection over what was collected. */
export async function adviseOn(
  { project, reading }: Collected,
  options: AdviseOptions = {},
): Promise<AdviceRun> {
  const resolved = resolveOptions(options)
  const { source: globs, shapes: given, selector, minRows, maxIndexesPerTable, writeWeight } = resolved
  if ('unsupported' in reading)
    return {
      advice: unsupported(reading.unsupported, project),
      project,
      reading: null,
      shapes: [],
      decisions: [],
      basis: null,
    }
  const { catalog } = reading
  const source = globs === null ? null : await readSource(project, reading, globs)
  const shapes = [...given, ...(source?.shapes ?? [])].map((each) => withPolicies(catalog, each))
  // Turning the preview feature on is the consent.
  const allowPartial = catalog.previewFeatures.includes('partialIndexes')
  await loadPredicateParser()
  const outcomes = rules.map((rule) => rule.apply({ catalog, shapes, allowPartial }))
  const { candidates, ignored } = withoutIgnored(
    reading,
    outcomes.flatMap((outcome) => outcome.candidates ?? []),
  )
  const selection = await selector.select({
    catalog,
    shapes,
    candidates,
    minRows,
    maxIndexesPerTable,
    writeWeight,
  })
  const advised = await pricedAdvice(
    catalog,
    outcomes.flatMap((outcome) => outcome.advice ?? []),
    selector,
    selection.chosen.map((each) => each.candidate),
  )
  const names = new IndexNames(catalog)
  const decisions = [...selection.chosen]
    .sort((a, b) => compareText(candidateId(a.candidate), candidateId(b.candidate)))
    .map((chosen) => ({ chosen, statement: names.statement(chosen.candidate) }))
  return {
    advice: {
      version: 1,
      provider: catalog.provider,
      recommendations: decisions.map(recommendation),
      rejected: rejections([
        ...ignored,
        ...outcomes.flatMap((outcome) => outcome.rejected ?? []),
        ...selection.rejected,
      ]).filter((each) => !decisions.some(({ chosen }) => isOf(each, chosen.candidate))),
      findings: new FindingPlaces(project, reading)
        .locate([
          ...omissions(catalog),
          ...(source?.findings ?? []),
          ...outcomes.flatMap((outcome) => outcome.findings ?? []),
          ...outcomes
            .flatMap((outcome) => outcome.mendable ?? [])
            .filter((each) => !decisions.some(({ chosen }) => each.isMendedBy(chosen.candidate)))
            .map((each) => each.remark),
          ...advised,
          ...selection.findings,
        ])
        .filter((each) => ignoreForIndex(reading.blocks.get(each.model), each.index) === undefined),
    },
    project,
    reading,
    shapes,
    decisions,
    basis: selection.basis ?? null,
  }
}

/** Without what a `/// brisk-ignore` turns down. */
function withoutIgnored(
  { blocks }: SchemaReading,
  candidates: readonly Candidate[],
): { candidates: Candidate[]; ignored: RejectedCandidate[] } {
  const ignored: RejectedCandidate[] = []
  const kept = candidates.filter((candidate) => {
    const { model } = candidate.table
    const block = blocks.get(model)
    const fields = fieldsOf(candidate)
    const comment = ignoreFor(block, fields)
    if (comment === undefined) return true
    const why = comment.reason === '' ? '' : `: ${comment.reason}`
    ignored.push({ model, fields, reason: `Ignored at ${block?.file}:${comment.line}${why}` })
    return false
  })
  return { candidates: kept, ignored }
}

/** With what migrations and statistics add to the schema. */
async function completed(
  project: Project,
  catalog: Catalog,
  statistics: readonly CatalogStatistics[],
  isDirectoryGiven: boolean,
): Promise<Catalog> {
  const migrations = await readMigrations(project.migrationsDirectory)
  const directory = shownPath(project, project.migrationsDirectory)
  if (migrations === null) {
    if (isDirectoryGiven)
      throw new AdvisorError('E_MIGRATIONS', `There is no directory of migrations at ${directory}.`)
    const elsewhere = await migrationsElsewhere(project.migrationsDirectory, project.cwd)
    if (elsewhere.length === 0) return withStatistics(catalog, statistics)
    const reason =
      `There are no migrations at ${directory}, so indexes that only a migration makes are not known. ` +
      `There are some at ${elsewhere.map((each) => shownPath(project, each)).join(', ')}: name theirs with --migrations.`
    return withStatistics({ ...catalog, warnings: [...catalog.warnings, { reason }] }, statistics)
  }
  const played = await playOnPaper(catalog.provider, directory, migrations)
  return withStatistics(withMigrations(catalog, played), statistics)
}

function shownPath(project: Project, path: string): string {
  return relative(project.cwd, path).replaceAll('\\', '/')
}

async function readSource(
  project: Project,
  reading: SchemaReading,
  source: readonly string[] | true,
): Promise<SourceReading> {
  const { collectSource } = await import('./source/source-collector.ts')
  return collectSource(project, reading, source === true ? null : source)
}

/** With what row level security adds. No plan of ours has it, so the shape stays one that asks for more. */
function withPolicies(catalog: Catalog, shape: QueryShape): QueryShape {
  const equal = tableOf(catalog, shape)?.rowSecurity?.equal
  if (equal === undefined) return shape
  const added = equal
    .filter(
      (column) =>
        !shape.conditions.some(
          (each) => each.column === column && each.operator === 'equals' && !each.isOptional,
        ),
    )
    .map((column): Condition => ({ column, operator: 'equals', isOptional: false }))
  return { ...shape, conditions: [...added, ...shape.conditions], isPartial: true }
}

function recommendation({ chosen, statement }: Decision): Recommendation {
  const { candidate } = chosen
  const { before, after, sizeBytes, writeCost, unsettled } = chosen
  return {
    id: candidateId(candidate),
    model: candidate.table.model,
    table: candidate.table.name,
    fields: fieldsOf(candidate),
    columns: candidate.keys.map((key) => key.column),
    sort: candidate.keys.map((key) => key.sort),
    where: candidate.predicate,
    type: candidate.type,
    unique: false,
    severity: chosen.severity ?? candidate.severity,
    confidence: confidenceOf(chosen),
    rule: candidate.rule,
    reason: [
      withReplaced(chosen.reason ?? candidate.reason, candidate.replaces),
      ...(unsettled === undefined ? [] : [unsettledSaid(candidate, unsettled)]),
    ].join(' '),
    evidence: candidate.evidence,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(writeCost === undefined ? {} : { writeCost }),
    writes: {
      ...insertCost(candidate),
      ...chosen.writes,
      ...(unsettled === undefined
        ? {}
        : {
            unsettles: unsettled.columns.map((column) => fieldOf(candidate.table, column)),
            ...(unsettled.rows === null ? {} : { unsettledRows: Math.round(unsettled.rows) }),
          }),
    },
    sql: statement.sql,
    prisma: statement.prisma,
  }
}

/** Where nothing but names speaks for it, that is what it rests on; a plan proves it all the same. */
function confidenceOf({ candidate, confidence }: Decision['chosen']): Recommendation['confidence'] {
  const isByName = candidate.evidence.length > 0 && candidate.evidence.every((each) => each.isByName === true)
  return isByName && confidence !== 'proved' ? 'by-name' : confidence
}

function withReplaced(reason: string, replaces: readonly string[]): string {
  const unsaid = replaces.filter((name) => !reason.includes(name))
  return [reason, ...unsaid.map((name) => `It makes ${name} redundant.`)].join(' ')
}

/** One query's reason against an index that others are recommended for would contradict the advice. */
function isOf({ model, fields }: RejectedCandidate, candidate: Candidate): boolean {
  return model === candidate.table.model && fields.join() === fieldsOf(candidate).join()
}

function fieldsOf(candidate: Candidate): string[] {
  return candidate.keys.map((key) => fieldOf(candidate.table, key.column))
}

function rejections(rejected: readonly RejectedCandidate[]): RejectedCandidate[] {
  const unique = new Map(
    rejected.map((each) => [JSON.stringify([each.model, each.fields, each.reason]), each]),
  )
  return [...unique].sort(([a], [b]) => compareText(a, b)).map(([, each]) => each)
}

function omissions(catalog: Catalog): Remark[] {
  return [
    ...catalog.omitted.map((each): Remark => ({
      kind: 'unread',
      model: each.model,
      index: '',
      reason: `${each.model} is left out: ${each.reason}.`,
    })),
    ...catalog.tables.flatMap(({ model, rowSecurity }): Remark[] => {
      if (rowSecurity === undefined || rowSecurity.isReadWhole) return []
      const reason = `${model} has row level security that could not be read whole: no sort alone is advised on it.`
      return [{ kind: 'unread', model, index: '', reason }]
    }),
    ...catalog.warnings.map(({ at, reason }): Remark => ({
      kind: 'unread',
      model: '',
      index: '',
      at,
      reason,
    })),
  ]
}

function unsupported(provider: string, project: Project): Advice {
  const reason = `No index is recommended for ${provider}: PostgreSQL, MySQL, MariaDB and SQLite are supported.`
  return {
    version: 1,
    provider,
    recommendations: [],
    rejected: [],
    findings: new FindingPlaces(project, null).locate([
      { kind: 'unsupported', model: '', index: '', reason },
    ]),
  }
}
