import type { AdviceRun } from '../advice-run.ts'
import type { CatalogIndex, CatalogTable, ClaimSource } from '../catalog/catalog.ts'
import { fieldOf } from '../candidate/candidate.ts'
import { AdvisorError } from '../errors.ts'
import { placesOf } from '../report/text-report.ts'
import { adviceOf, type AdviseFlags } from './advise-flags.ts'
import type { CliHost } from './cli-host.ts'

/** `brisk explain Post.authorId`: everything that was said and thought of the columns. */
export async function explainCommand(index: string, flags: AdviseFlags, host: CliHost): Promise<number> {
  const wanted = parse(index)
  const run = await adviceOf(flags, host)
  if (run.reading === null) {
    host.stdout(run.advice.findings.map((each) => `${each.reason}\n`).join(''))
    return 0
  }
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

function parse(index: string): { model: string; fields: string[] } {
  const [, model, dotted, listed] = /^(\w+)(?:\.(\w+)|\(([\w\s,]+)\))?$/.exec(index.trim()) ?? []
  if (model === undefined)
    throw new AdvisorError(
      'E_INVALID_OPTIONS',
      `Expected Model.field or "Model(field, field)", got ${JSON.stringify(index)}.`,
    )
  const fields = dotted !== undefined ? [dotted] : (listed ?? '').split(',').map((field) => field.trim())
  return { model, fields: fields.filter((field) => field !== '') }
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
  if (lines.length === 0)
    lines.push(
      `Nothing asks for an index on ${table.model}(${fields.join(', ')}): no relation and no query that was read.`,
    )
  return `${lines.join('\n')}\n`
}

function fieldsOf(table: CatalogTable, index: CatalogIndex): string[] {
  return index.keys.map((key) => (key.column === null ? (key.expression ?? '') : fieldOf(table, key.column)))
}

function place(source: ClaimSource): string {
  if ('file' in source) return `${source.file}:${source.line}`
  return source.kind === 'server' ? 'made by the server for the foreign key' : 'read from the database'
}
