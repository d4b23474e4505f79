import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import type { ts } from 'ts-morph'
import type { Project } from '@prisma-brisk/core/project'
import type { SchemaReading } from '../schema/schema-collector.ts'
import type { QueryShape } from '../shape/query-shape.ts'
import type { Remark } from '../advice/advice.ts'
import type { ClientNames, RawSql } from './call-finder.ts'
import type { PrismaCall } from './calls/prisma-call.ts'
import { shapesOfCall } from './calls/call-reader.ts'
import { LostClients } from './lost-clients.ts'
import { extendedCall, type QueryExtension } from './query-extension.ts'
import { ModelFields } from './calls/model-fields.ts'
import type { FoundSources } from './source-files.ts'
import { findSources } from './source-files.ts'

export interface SourceReading {
  readonly shapes: readonly QueryShape[]
  readonly findings: readonly Remark[]
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
  const models = reading.catalog.tables.map((table) => table.model)
  const sources = await findSources(project.cwd, patterns, outputs, models)
  const { files } = sources
  const fields = new ModelFields(reading.catalog, reading.relations)
  const found = files.length === 0 ? nothing : await findCalls(project, reading, fields, sources, outputs)
  const shapes = found.calls.flatMap((call) => shapesOfCall(fields, call))
  const sql = await readSql(project, reading, found.raw)
  return {
    shapes: [...shapes, ...sql.shapes],
    findings: [...found.findings, ...unreadSorts(shapes), ...sql.findings],
    files: files.length,
    calls: found.calls.length + found.raw.length,
  }
}

/** Told once, whatever their number. */
function unreadSorts(shapes: readonly QueryShape[]): Remark[] {
  const places = shapes.flatMap(({ evidence: { manner, at, weight } }) =>
    manner?.sortsUnread === true && at !== undefined && weight !== 0 ? [at] : [],
  )
  const [first] = places
  const count = new Set(places).size
  if (first === undefined) return []
  const reason =
    `${count === 1 ? 'A page is' : `${count} pages are`} sorted by a column whose name is put together at run time ` +
    `(${count === 1 ? 'at' : 'first at'} ${first}): no index is advised for the sort. Where its type is a union of texts, it is read.`
  return [{ kind: 'unread', model: '', index: first, at: first, reason }]
}

interface Found {
  readonly calls: readonly PrismaCall[]
  readonly raw: readonly RawSql[]
  readonly findings: readonly Remark[]
}

const nothing: Found = { calls: [], raw: [], findings: [] }

async function findCalls(
  project: Project,
  reading: SchemaReading,
  fields: ModelFields,
  { files: sources, isNamedElsewhere }: FoundSources,
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
    project.cwd,
  )
  const finder = new CallFinder(checker, clientNames(reading))
  const calls: PrismaCall[] = []
  const raw: RawSql[] = []
  const findings: Remark[] = []
  const lost = new LostClients(project.cwd)
  const extended = new Map<PrismaCall, 'yes' | 'no' | 'maybe'>()
  const extensions: QueryExtension[] = []
  const byPath = new Map(sources.map((file) => [file.path, file]))
  for (const file of files) {
    const source = byPath.get(file.fileName)
    if (source === undefined) continue
    const place = relative(project.cwd, file.fileName).replaceAll('\\', '/')
    const found = finder.find(file, place, source.weight)
    for (const [call, through] of found.extended) extended.set(call, through)
    extensions.push(...found.extensions)
    calls.push(...found.calls)
    raw.push(...found.raw)
    lost.add(source.path, found)
    const errors =
      (file as unknown as { parseDiagnostics?: readonly { start?: number }[] }).parseDiagnostics ?? []
    if (errors.length > 0)
      findings.push({
        kind: 'unread',
        model: '',
        index: place,
        at: `${place}:${lineOf(file, errors[0]?.start)}`,
        reason: `${place} does not parse; it was read as far as it does.`,
      })
  }
  const placed = (node: ts.Node) => {
    const file = node.getSourceFile()
    const source = byPath.get(file.fileName)
    if (source === undefined) return null
    const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file))
    const place = relative(project.cwd, file.fileName).replaceAll('\\', '/')
    return { at: `${place}:${line + 1}:${character + 1}`, weight: source.weight }
  }
  const { followed, unfollowed } = finder.passedOn(placed, isNamedElsewhere)
  for (const each of unfollowed)
    lost.addUnfollowed(resolve(project.cwd, each.at.replace(/:\d+:\d+$/, '')), each.at)
  const through = new Map(
    [...followed].flatMap(([call, found]) =>
      found.map((each) => [each, extended.get(call) ?? 'maybe'] as const),
    ),
  )
  for (const [call, how] of through) extended.set(call, how)
  const asked = calls.flatMap((call) => followed.get(call) ?? [call])
  return {
    calls: asked.map((call) => extendedCall(call, extended.get(call) ?? 'maybe', extensions)),
    raw,
    findings: [...findings, ...lost.remarks(), ...extensions.flatMap(unreadExtension)],
  }
}

function unreadExtension({ at, where }: QueryExtension): Remark[] {
  if (where !== null) return []
  const reason = `The query extension at ${at} adds conditions that could not be read: no sort alone is advised for calls through it.`
  return [{ kind: 'unread', model: '', index: at, at, reason }]
}

function clientNames({ catalog, relations }: SchemaReading): ClientNames {
  const ownName = (model: string) => model.charAt(0).toLowerCase() + model.slice(1)
  return {
    models: new Map(catalog.tables.map(({ model }) => [ownName(model), model])),
    relations: new Map(
      relations.map((each) => [`${each.model}.${each.field}`, { model: each.type, isList: each.isList }]),
    ),
  }
}

/** From 1. */
function lineOf(
  file: { getLineAndCharacterOfPosition(at: number): { line: number } },
  at: number | undefined,
): number {
  return file.getLineAndCharacterOfPosition(at ?? 0).line + 1
}

async function readSql(
  project: Project,
  reading: SchemaReading,
  raw: readonly RawSql[],
): Promise<{ shapes: QueryShape[]; findings: Remark[] }> {
  const statements = [
    ...raw.filter((each) => each.typed === null).map((each) => ({ ...each, label: each.operation })),
    ...(await typedSql(project)),
  ]
  if (statements.length === 0) return { shapes: [], findings: [] }
  const { shapesOfSql } = await import('../sql/sql-shapes.ts')
  const shapes: QueryShape[] = []
  const findings: Remark[] = []
  for (const { sql, at, weight, label, isByName } of statements) {
    const evidence = {
      kind: 'source',
      at,
      operation: label,
      weight,
      ...(isByName ? { isByName } : {}),
    } as const
    const read = sql === null ? null : await shapesOfSql(sql, reading.catalog, evidence)
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
): Promise<{ sql: string; at: string; weight: number; label: string; isByName: boolean }[]> {
  const names = await readdir(project.typedSqlDirectory).catch(() => [])
  return Promise.all(
    names
      .filter((name) => name.endsWith('.sql'))
      .sort()
      .map(async (name) => {
        const path = join(project.typedSqlDirectory, name)
        const at = `${relative(project.cwd, path).replaceAll('\\', '/')}:1`
        return {
          sql: await readFile(path, 'utf8'),
          at,
          weight: 1,
          label: `TypedSQL ${name.slice(0, -4)}`,
          isByName: false,
        }
      }),
  )
}
