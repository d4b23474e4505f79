import type { CatalogStatistics } from './catalog/with-statistics.ts'
import type { IndexSelector } from './selection/index-selector.ts'
import { AdvisorError } from './errors.ts'
import type { QueryShape } from './shape/query-shape.ts'
import { ruleSelector } from './selection/rule-selector.ts'

export interface AdviseOptions {
  /** Working directory; paths in the advice are relative to it. Default `process.cwd()`. */
  readonly cwd?: string | undefined
  /** File or directory of the schema. Default: as `prisma.config.ts` says, else where Prisma looks. */
  readonly schema?: string | undefined
  /** Directory of the migrations. Default: as `prisma.config.ts` says, else `migrations` beside the schema. */
  readonly migrations?: string | undefined
  /**
   * Globs of source files to read; `true`: every source file below the working directory. Costs about 2 ms a file that
   * calls Prisma. Default: the source is not read.
   */
  readonly source?: readonly string[] | true | undefined
  /** Shapes from a workload, beside those read in the source. Default: none. */
  readonly shapes?: readonly QueryShape[] | undefined
  /** Rows and values of the tables, where they are known. Default: none, and then no rule counts on them. */
  readonly statistics?: readonly CatalogStatistics[] | undefined
  /** Selects among the candidates. Default: rules alone, without a planner. */
  readonly selector?: IndexSelector | undefined
  /** Tables with fewer rows get no index, where their size is known. Default 500. */
  readonly minRows?: number | undefined
  /** Maximum indexes per table, existing ones included; at least 1. Default: no limit. */
  readonly maxIndexesPerTable?: number | undefined
  /**
   * How much a write counts beside a read. With a planner, upkeep counts so many times; by rules, from 2 on an index that finds
   * a query's rows in part is enough. At least 1, the default.
   */
  readonly writeWeight?: number | undefined
}

export interface ResolvedAdviseOptions {
  readonly cwd: string
  readonly schema: string | null
  readonly migrations: string | null
  readonly source: readonly string[] | true | null
  readonly shapes: readonly QueryShape[]
  readonly statistics: readonly CatalogStatistics[]
  readonly selector: IndexSelector
  readonly minRows: number
  readonly maxIndexesPerTable: number
  readonly writeWeight: number
}

/** @throws AdvisorError E_INVALID_OPTIONS, naming the option, what was expected and what was given */
export function resolveOptions(options: AdviseOptions): ResolvedAdviseOptions {
  for (const [name, value] of Object.entries(options)) {
    const check = CHECKS[name as keyof AdviseOptions] as Check | undefined
    if (check === undefined)
      throw invalid(name, `one of ${Object.keys(CHECKS).join(', ')}`, 'an unknown option')
    if (value !== undefined && !check.holds(value)) throw invalid(name, check.expected, show(value))
  }
  return Object.freeze({
    cwd: options.cwd ?? process.cwd(),
    schema: options.schema ?? null,
    migrations: options.migrations ?? null,
    source: options.source ?? null,
    shapes: options.shapes ?? [],
    statistics: options.statistics ?? [],
    selector: options.selector ?? ruleSelector,
    minRows: options.minRows ?? 500,
    maxIndexesPerTable: options.maxIndexesPerTable ?? Infinity,
    writeWeight: options.writeWeight ?? 1,
  })
}

interface Check {
  readonly expected: string
  holds(value: unknown): boolean
}

const text: Check = {
  expected: 'a non-empty string',
  holds: (value) => typeof value === 'string' && value !== '',
}
const list: Check = { expected: 'an array', holds: Array.isArray }
const count: Check = {
  expected: 'a number of at least 0',
  holds: (value) => typeof value === 'number' && value >= 0,
}

const atLeastOne: Check = {
  expected: 'a number of at least 1',
  holds: (value) => typeof value === 'number' && value >= 1,
}

const CHECKS: Record<keyof AdviseOptions, Check> = {
  cwd: text,
  schema: text,
  migrations: text,
  source: {
    expected: 'true or an array of globs',
    holds: (value) =>
      value === true || (Array.isArray(value) && value.every((each) => typeof each === 'string')),
  },
  shapes: list,
  statistics: list,
  selector: {
    expected: 'an object with select()',
    holds: (value) => typeof (value as Partial<IndexSelector> | null)?.select === 'function',
  },
  minRows: count,
  maxIndexesPerTable: atLeastOne,
  writeWeight: atLeastOne,
}

function invalid(name: string, expected: string, given: string): AdvisorError {
  return new AdvisorError('E_INVALID_OPTIONS', `advise({ ${name} }): expected ${expected}, got ${given}.`)
}

function show(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number'
    ? JSON.stringify(value)
    : Array.isArray(value)
      ? 'an array'
      : typeof value
}
