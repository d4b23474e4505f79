import type { AdviceRun } from '../advice-run.ts'
import type { CatalogIndex, CatalogTable, ClaimSource } from '../catalog/catalog.ts'
import { fieldOf } from '../candidate/candidate.ts'
import { AdvisorError } from '../errors.ts'
import { findingId } from '../advice/finding-id.ts'
import type { QueryShape } from '../shape/query-shape.ts'
import type { Finding } from '../advice/advice.ts'
import { rules } from '../rules/index.ts'
import { costSaid, placesOf } from '../report/text-report.ts'
import { adviceOf, refuseIdleSources, type AdviseFlags } from './advise-flags.ts'
import type { CliHost } from './cli-host.ts'

/**
 * `brisk explain Post.authorId`: everything that was said and thought of the columns. It takes whatever the advisor prints:
 * a model, a field, the id of a recommendation, the name of an index, the fingerprint of a remark, a place in the source.
 */
export async function explainCommand(asked: string, flags: AdviseFlags, host: CliHost): Promise<number> {
  refuseIdleSources(flags)
  const run = await adviceOf(flags, host)
  if (run.reading === null) {
    host.stdout(run.advice.findings.map((each) => `${each.reason}\n`).join(''))
    return 0
  }
  const said = asked.trim()
  // Several remarks may be of one thing.
  const found = run.advice.findings.filter((each) => findingId(each) === said)
  const isWhole = found.some((each) => each.change !== undefined || each.model === '')
  const whole = isWhole ? found.map(adviceText).join('') : (atPlace(run, said) ?? ofStatement(run, said))
  if (whole !== null) {
    host.stdout(whole)
    return 0
  }
  const wanted = byIndex(run, said) ?? byFingerprint(run, said) ?? parse(said)
  const table = run.reading.catalog.tables.find((each) => each.model === wanted.model)
  if (table === undefined) throw unknownModel(run, wanted.model)
  for (const field of wanted.fields)
    if (!table.columns.some((column) => column.field === field))
      throw new AdvisorError(
        'E_INVALID_OPTIONS',
        `${wanted.model} has no field ${field}; it has ${table.columns.map((column) => column.field).join(', ')}.`,
      )
  host.stdout(explanation(run, table, wanted.fields))
  return 0
}

/** Advice beside indexes: what was seen, why it costs, what to write instead. */
function adviceText(finding: Finding): string {
  const rule = rules.find((each) => each.name === finding.kind)
  return `${[
    `Remark at ${finding.at}: ${finding.reason}${costSaid(finding)}`,
    ...(rule === undefined ? [] : [`Why: ${rule.why.replaceAll('\n', ' ')}`]),
    ...(finding.change === undefined ? [] : [`Instead: ${finding.change}`]),
  ].join('\n')}\n`
}

interface Wanted {
  readonly model: string
  readonly fields: readonly string[]
}

/** `Post`, `Post.authorId`, `Post(authorId, createdAt desc)`, `Post(tags gin_ops) using Gin where (…)`. */
function parse(said: string): Wanted {
  const [, model, dotted, rest] = /^(\w+)(?:\.(\w+)|(\(.+))?$/s.exec(said) ?? []
  const listed = rest === undefined ? '' : insideOf(rest)
  if (model === undefined || listed === null)
    throw new AdvisorError(
      'E_INVALID_OPTIONS',
      `Expected Model.field, "Model(field, field)", the id of a recommendation or the name of an index, got ${JSON.stringify(said)}.`,
    )
  // Of `createdAt desc` and `title(191)` the field is the first word.
  const fields =
    dotted === undefined ? listed.split(',').map((each) => /\w+/.exec(each)?.[0] ?? '') : [dotted]
  return { model, fields: fields.filter((field) => field !== '') }
}

/** What stands in the bracket that begins the text; null where it does not end, or more than an id's rest follows. */
function insideOf(text: string): string | null {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')') depth--
    if (depth > 0) continue
    return /^(?: using \S+)?(?: where .+)?$/s.test(text.slice(at + 1)) ? text.slice(1, at) : null
  }
  return null
}

/** The index of that name: its own columns. */
function byIndex(run: AdviceRun, name: string): Wanted | null {
  for (const table of run.reading?.catalog.tables ?? []) {
    const index = table.indexes.find((each) => each.name === name)
    if (index !== undefined)
      return {
        model: table.model,
        fields: index.keys.flatMap((key) => (key.column === null ? [] : fieldOf(table, key.column))),
      }
  }
  return null
}

/** `redundant-index:Post:Post_authorId_idx`, as SARIF names a remark. */
function byFingerprint(run: AdviceRun, said: string): Wanted | null {
  const [, model, index] = /^[a-z-]+:(\w*):(.*)$/s.exec(said) ?? []
  if (model === undefined || index === undefined) return null
  return (
    byIndex(run, index) ?? {
      model,
      fields: index.split(',').flatMap((each) => (/^\s*\w+\s*$/.test(each) ? each.trim() : [])),
    }
  )
}

/** `src/post.ts:12:20`: what was said of it; null where nothing was. */
function atPlace({ advice }: AdviceRun, place: string): string | null {
  if (!/:\d+$/.test(place)) return null
  const lines = [
    ...advice.recommendations
      .filter((each) => each.evidence.some((one) => one.at === place))
      .map((each) => `Recommended: ${each.prisma} on ${each.model}\n  ${each.reason}`),
    ...advice.findings
      .filter((each) => each.at === place || each.index === place)
      .map((each) => `Remark: ${each.reason}`),
  ]
  return lines.length === 0 ? `Nothing was said of ${place}.\n` : `${lines.join('\n')}\n`
}

/**
 * `6d66c5907e275372`, as a statement of the workload is called in reports: what it asks, and what was said of that. Null where
 * the text is no such id.
 */
function ofStatement(run: AdviceRun, said: string): string | null {
  if (!/^[0-9a-f]{16}$/.test(said)) return null
  const asked = run.shapes.filter((shape) => shape.evidence.fingerprint === said)
  const proved = run.decisions.filter(({ chosen }) =>
    chosen.proof?.queries.some((query) => query.fingerprint === said),
  )
  const lines = run.advice.findings
    .filter((each) => each.index === said || each.reason.includes(said))
    .map((each) => `Remark: ${each.reason}`)
  const [first] = asked
  if (first !== undefined) {
    const { operation, calls } = first.evidence
    const name = operation === undefined ? '' : `, ${operation}`
    lines.unshift(
      `Statement ${said}${name}${calls === undefined ? '' : `: ${calls.toLocaleString('en')} calls`}`,
    )
  }
  const seen = new Set<string>()
  for (const shape of asked) {
    const table = run.reading?.catalog.tables.find(
      (each) => each.name === shape.table && each.schema === shape.schema,
    )
    if (table === undefined) continue
    const columns = [...shape.conditions, ...shape.order].map((each) => fieldOf(table, each.column))
    for (const fields of columns.length === 0 ? [] : columns.map((each) => [each])) {
      if (seen.has(`${table.model}.${fields.join()}`)) continue
      seen.add(`${table.model}.${fields.join()}`)
      lines.push(`Asks ${table.model} by ${fields.join()}:`, indented(explanation(run, table, fields)))
    }
  }
  for (const { chosen, statement } of asked.length > 0 ? [] : proved)
    lines.push(`Recommended for it: ${statement.prisma} on ${chosen.candidate.table.model}`)
  return lines.length === 0
    ? `No statement ${said} was read: give explain the --workload, --database-url or --statistics that advise had.\n`
    : `${lines.join('\n')}\n`
}

function indented(text: string): string {
  return text.trimEnd().replace(/^/gm, '  ')
}

function unknownModel(run: AdviceRun, model: string): AdvisorError {
  const left = run.reading?.catalog.omitted.find((each) => each.model === model)
  if (left !== undefined)
    return new AdvisorError('E_INVALID_OPTIONS', `${model} is left out: ${left.reason}.`)
  const models = run.reading?.catalog.tables.map((table) => table.model).join(', ') ?? ''
  return new AdvisorError('E_INVALID_OPTIONS', `The schema has no model ${model}; it has ${models}.`)
}

function explanation(run: AdviceRun, table: CatalogTable, fields: readonly string[]): string {
  const speaksOf = (others: readonly string[]) => fields.every((field) => others.includes(field))
  const lines: string[] = []
  for (const each of run.advice.recommendations.filter(
    (one) => one.model === table.model && speaksOf(one.fields),
  )) {
    lines.push(`Recommended: ${each.prisma} (${each.severity}, ${each.confidence})`, `  ${each.reason}`)
    lines.push(...placesOf(each.evidence).map((each) => `  ${each}`))
  }
  for (const each of run.advice.rejected.filter((one) => one.model === table.model && speaksOf(one.fields)))
    lines.push(`Not recommended: ${table.model}(${each.fields.join(', ')})`, `  ${each.reason}`)
  for (const index of table.indexes.filter((each) => speaksOf(fieldsOf(table, each))))
    lines.push(
      `Exists: ${index.name} (${fieldsOf(table, index).join(', ')})${index.predicate === null ? '' : ` where ${index.predicate}`}`,
      ...index.sources.map((source) => `  ${place(source)}`),
    )
  const about = (index: string) => {
    const known = table.indexes.find((each) => each.name === index)
    return fields.length === 0 || speaksOf(known === undefined ? [index] : fieldsOf(table, known))
  }
  for (const each of run.advice.findings.filter((one) => one.model === table.model && about(one.index)))
    lines.push(`Remark: ${each.reason}`)
  if (lines.length === 0) lines.push(...unasked(run, table, fields))
  return `${lines.join('\n')}\n`
}

/** Of the queries that read the columns, as far as there are any, none can be served by an index. */
function unasked(run: AdviceRun, table: CatalogTable, fields: readonly string[]): string[] {
  const said = `Nothing asks for an index on ${table.model}(${fields.join(', ')})`
  const isRead = ({ conditions, order }: QueryShape) => {
    const columns = [...conditions, ...order].map((each) => fieldOf(table, each.column))
    return columns.length > 0 && fields.every((field) => columns.includes(field))
  }
  const reading = run.shapes.filter((each) => isOf(table, each) && isRead(each))
  if (reading.length === 0) return [`${said}: no relation and no query that was read.`]
  const reasons = new Map(
    reading.map(({ evidence, ...shape }) => {
      const place = [evidence.operation, evidence.at ?? evidence.fingerprint].filter(
        (part) => part !== undefined,
      )
      return [`  ${place.join(' at ')}: ${whyNot(shape, evidence.weight)}`, true] as const
    }),
  )
  return [`${said}, though it is read:`, ...reasons.keys()]
}

function isOf(table: CatalogTable, shape: QueryShape): boolean {
  return shape.table === table.name && shape.schema === table.schema
}

function whyNot({ conditions, limit, arm }: Omit<QueryShape, 'evidence'>, weight = 1): string {
  if (weight === 0) return 'by its place it is a test, a seed or a story.'
  if (conditions.length === 0 && limit === null) return 'all rows are read, in whatever order.'
  if (arm !== null) return 'another arm of its OR reads all rows.'
  return 'no index could find or sort its rows.'
}

function fieldsOf(table: CatalogTable, index: CatalogIndex): string[] {
  return index.keys.map((key) => (key.column === null ? (key.expression ?? '') : fieldOf(table, key.column)))
}

function place(source: ClaimSource): string {
  if ('file' in source) return `${source.file}:${source.line}`
  return source.kind === 'server' ? 'made by the server for the foreign key' : 'read from the database'
}
