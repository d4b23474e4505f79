import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import type { Project } from '@prisma-brisk/core/project'
import type { SchemaReading } from '../schema/schema-collector.ts'
import type { QueryShape } from '../shape/query-shape.ts'
import type { Finding } from '../advice/advice.ts'
import type { RawSql } from './call-finder.ts'
import type { PrismaCall } from './call-reader.ts'
import { shapesOfCall } from './call-reader.ts'
import { ModelFields } from './model-fields.ts'
import type { SourceFile } from './source-files.ts'
import { findSources } from './source-files.ts'

export interface SourceReading {
  readonly shapes: readonly QueryShape[]
  readonly findings: readonly Finding[]
  /** Files that mention Prisma, and calls found in them. */
  readonly files: number
  readonly calls: number
}

/** Reads what the application asks, from its TypeScript and from its TypedSQL files. */
export async function collectSource(
  project: Project,
  reading: SchemaReading,
  patterns: readonly string[] | null,
): Promise<SourceReading> {
  const outputs = reading.outputs.map(({ file, output }) => resolve(project.cwd, dirname(file), output))
  const sources = await findSources(project.cwd, patterns, outputs)
  const fields = new ModelFields(reading.catalog, reading.relations)
  const found = sources.length === 0 ? nothing : await findCalls(project, reading, fields, sources, outputs)
  const shapes = found.calls.flatMap((call) => shapesOfCall(fields, call))
  const sql = await readSql(project, reading, found.raw)
  return {
    shapes: [...shapes, ...sql.shapes],
    findings: [...found.findings, ...sql.findings],
    files: sources.length,
    calls: found.calls.length + found.raw.length,
  }
}

interface Found {
  readonly calls: readonly PrismaCall[]
  readonly raw: readonly RawSql[]
  readonly findings: readonly Finding[]
}

const nothing: Found = { calls: [], raw: [], findings: [] }

async function findCalls(
  project: Project,
  reading: SchemaReading,
  fields: ModelFields,
  sources: readonly SourceFile[],
  outputs: readonly string[],
): Promise<Found> {
  // TypeScript is a third of a second to load, so only where there is something to read.
  const [{ createSourceProgram }, { CallFinder }, { clientDeclaration }] = await Promise.all([
    import('./source-program.ts'),
    import('./call-finder.ts'),
    import('./client-declaration.ts'),
  ])
  const texts = new Map(sources.map((file) => [file.path, file.text]))
  const { checker, files } = createSourceProgram(
    sources.map((file) => file.path),
    clientDeclaration(fields, reading.enums),
    outputs,
    (path) => texts.get(path),
  )
  const delegates = new Set(
    reading.catalog.tables.map(({ model }) => model.charAt(0).toLowerCase() + model.slice(1)),
  )
  const relations = new Set(reading.relations.map((each) => each.field))
  const finder = new CallFinder(checker, delegates, relations)
  const calls: PrismaCall[] = []
  const raw: RawSql[] = []
  const findings: Finding[] = []
  const byPath = new Map(sources.map((file) => [file.path, file]))
  for (const file of files) {
    const source = byPath.get(file.fileName)
    if (source === undefined) continue
    const place = relative(project.cwd, file.fileName).replaceAll('\\', '/')
    const found = finder.find(file, place, source.weight)
    calls.push(...found.calls)
    raw.push(...found.raw)
    for (const at of found.untyped)
      findings.push({
        kind: 'unread',
        model: '',
        index: at,
        reason: `The call at ${at} reads like Prisma's, but the type of its client is not known; it was left out.`,
      })
    const errors = (file as unknown as { parseDiagnostics?: readonly unknown[] }).parseDiagnostics ?? []
    if (errors.length > 0)
      findings.push({
        kind: 'unread',
        model: '',
        index: place,
        reason: `${place} does not parse; it was read as far as it does.`,
      })
  }
  return { calls, raw, findings }
}

async function readSql(
  project: Project,
  reading: SchemaReading,
  raw: readonly RawSql[],
): Promise<{ shapes: QueryShape[]; findings: Finding[] }> {
  const statements = [
    ...raw.filter((each) => each.typed === null).map((each) => ({ ...each, label: each.operation })),
    ...(await typedSql(project)),
  ]
  if (statements.length === 0) return { shapes: [], findings: [] }
  const { shapesOfSql } = await import('../sql/sql-shapes.ts')
  const shapes: QueryShape[] = []
  const findings: Finding[] = []
  for (const { sql, at, weight, label } of statements) {
    const read =
      sql === null
        ? null
        : await shapesOfSql(sql, reading.catalog, { kind: 'source', at, operation: label, weight })
    shapes.push(...(read?.shapes ?? []))
    const reason = read === null ? 'its text is put together at run time' : read.unread
    if (reason !== null)
      findings.push({
        kind: 'unread',
        model: '',
        index: at,
        reason: `The SQL at ${at} was not read: ${reason}.`,
      })
  }
  return { shapes, findings }
}

/** The `.sql` files of TypedSQL; their `-- @param` lines are comments to the parser. */
async function typedSql(
  project: Project,
): Promise<{ sql: string; at: string; weight: number; label: string }[]> {
  const names = await readdir(project.typedSqlDirectory).catch(() => [])
  return Promise.all(
    names
      .filter((name) => name.endsWith('.sql'))
      .sort()
      .map(async (name) => {
        const path = join(project.typedSqlDirectory, name)
        const at = `${relative(project.cwd, path).replaceAll('\\', '/')}:1`
        return { sql: await readFile(path, 'utf8'), at, weight: 1, label: `TypedSQL ${name.slice(0, -4)}` }
      }),
  )
}
