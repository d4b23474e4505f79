import { relative } from 'node:path'
import type { Project } from '@prisma-brisk/core/project'
import type { Finding, Remark } from './advice/advice.ts'
import type { ClaimSource } from './catalog/catalog.ts'
import type { SchemaReading } from './schema/schema-collector.ts'
import { compareText } from './text-order.ts'

/** Gives every remark a place: its own, else that of its index, its model, or the schema's datasource. */
export class FindingPlaces {
  constructor(
    private readonly project: Project,
    private readonly reading: SchemaReading | null,
  ) {}

  /** With their places, sorted, each once. */
  locate(remarks: readonly Remark[]): Finding[] {
    const unique = new Map(
      remarks.map((each) => [
        JSON.stringify([each.model, each.index, each.kind, each.reason]),
        { ...each, at: this.placeOf(each) },
      ]),
    )
    return [...unique].sort(([a], [b]) => compareText(a, b)).map(([, each]) => each)
  }

  private placeOf({ at, model, index }: Remark): string {
    if (at !== undefined) return at
    if (/:\d+(?::\d+)?$/.test(index)) return index
    const table = this.reading?.catalog.tables.find((each) => each.model === model)
    const known = table?.indexes.find((each) => each.name === index)
    const column = table?.columns.find((each) => each.field === index)
    const block = this.reading?.blocks.get(model)
    const member = block?.members.find((each) => each.name === column?.field)
    if (block !== undefined && member !== undefined) return `${block.file}:${block.lineOf(member.from)}`
    return (
      firstPlace(known?.sources) ?? (block === undefined ? this.datasource() : `${block.file}:${block.line}`)
    )
  }

  /** Where the schema names its database: the place of what is said of the project as a whole. */
  private datasource(): string {
    const places = this.project.schemaFiles.map((file) => {
      const line = file.text.split('\n').findIndex((each) => /^\s*datasource\b/.test(each))
      return { file: relative(this.project.cwd, file.path).replaceAll('\\', '/') || file.path, line }
    })
    const found = places.find((each) => each.line >= 0) ?? places[0]
    return `${found?.file ?? 'schema.prisma'}:${Math.max(0, found?.line ?? 0) + 1}`
  }
}

function firstPlace(sources: readonly ClaimSource[] | undefined): string | undefined {
  const found = sources?.find((each) => 'file' in each)
  return found !== undefined && 'file' in found ? `${found.file}:${found.line}` : undefined
}
