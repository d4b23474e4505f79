import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type Advice, exportPostgresStatistics } from '@prisma-brisk/index-advisor'

import { LANDMARKS } from '../prisma/seed.ts'
import { readLastMessage } from './cases/conversation-list.ts'
import { readPatterns, readRecommendations } from './cases/dashboard.ts'
import type { DemoClients } from './demo-clients.ts'
import { type DemoDatabase, MIGRATIONS, statementsOf } from './demo-database.ts'

export interface AdviceReport {
  /** What `brisk advise` recommended. */
  recommendations: RecommendedIndex[]
  /** The statements of the migration that was written and applied. */
  migration: string[]
  queries: QueryReport[]
  improved: boolean
}

export interface RecommendedIndex {
  model: string
  fields: string[]
  sql: string
  reason: string
  /** Whether a query of this run asked for it; else the schema alone shows the need. */
  fromWorkload: boolean
}

export interface QueryReport {
  name: string
  before: Plan
  after: Plan
  improved: boolean
}

export interface Plan {
  /** The nodes that read tables, as EXPLAIN names them. */
  scans: string[]
  milliseconds: number
}

/**
 * The advisor at work as a user would run it: on the slow-query log the cases have left and the planner's
 * statistics, with the migration written into a copy of the project's `prisma/` and applied to the database.
 */
export async function adviseIndexes(
  database: DemoDatabase,
  clients: DemoClients,
  slowQueryLog: string,
): Promise<AdviceReport> {
  const scratch = mkdtempSync(join(tmpdir(), 'brisk-advice-'))
  try {
    const queries = await recordQueries(clients)
    const before = await plansOf(database, queries)
    const { recommendations, migration } = await runAdvisor(scratch, database, slowQueryLog)
    await database.execute(migration)
    const after = await plansOf(database, queries)
    const reports = queries.map(({ name }, index) => compare(name, before[index]!, after[index]!))
    const improved = recommendations.length > 0 && reports.every((report) => report.improved)
    return { recommendations, migration, queries: reports, improved }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

interface RecordedQuery {
  name: string
  sql: string
  parameters: readonly unknown[]
}

/** The SQL that Prisma sends for what the cases ask. */
async function recordQueries({ plain: { prisma, log } }: DemoClients): Promise<RecordedQuery[]> {
  const asked: [string, () => Promise<unknown>][] = [
    ['patterns of a user', () => readPatterns(prisma, LANDMARKS.userId)],
    ['recommendations of a user', () => readRecommendations(prisma, LANDMARKS.userId)],
    ['last message of a conversation', () => readLastMessage(prisma, LANDMARKS.longConversationId)],
  ]
  const queries: RecordedQuery[] = []
  for (const [name, ask] of asked) {
    log.clear()
    await ask()
    const { sql, args } = log.statements[0]!
    queries.push({ name, sql, parameters: args })
  }
  return queries
}

async function plansOf(database: DemoDatabase, queries: readonly RecordedQuery[]): Promise<Plan[]> {
  const plans: Plan[] = []
  for (const { sql, parameters } of queries) {
    const [row] = await database.query(`EXPLAIN (FORMAT JSON) ${sql}`, parameters)
    const times: number[] = []
    for (let round = 0; round < 5; round++) {
      const started = performance.now()
      await database.query(sql, parameters)
      times.push(performance.now() - started)
    }
    plans.push({ scans: scansOf(row?.['QUERY PLAN']), milliseconds: times.sort((a, b) => a - b)[2]! })
  }
  return plans
}

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  Plans?: PlanNode[]
}

function scansOf(explained: unknown): string[] {
  const [root] = (typeof explained === 'string' ? JSON.parse(explained) : explained) as [{ Plan: PlanNode }]
  const walk = (node: PlanNode): string[] => {
    const name = node['Index Name'] ?? node['Relation Name']
    const own = name !== undefined ? [`${node['Node Type']} ${name}`] : []
    return [...own, ...(node.Plans ?? []).flatMap(walk)]
  }
  return walk(root.Plan)
}

function compare(name: string, before: Plan, after: Plan): QueryReport {
  const scansAll = after.scans.some((scan) => scan.startsWith('Seq Scan'))
  return { name, before, after, improved: !scansAll && after.milliseconds < before.milliseconds }
}

/** Runs `brisk advise --write` in a process of its own, on a copy of the project's schema and migrations. */
async function runAdvisor(
  scratch: string,
  database: DemoDatabase,
  slowQueryLog: string,
): Promise<Pick<AdviceReport, 'recommendations' | 'migration'>> {
  const copy = join(scratch, 'prisma')
  mkdirSync(copy)
  cpSync(join(MIGRATIONS, '../schema.prisma'), join(copy, 'schema.prisma'))
  cpSync(MIGRATIONS, join(copy, 'migrations'), { recursive: true })
  const statistics = join(scratch, 'statistics.json')
  writeFileSync(statistics, JSON.stringify(await exportPostgresStatistics(database)))

  const output = await brisk(
    scratch,
    'advise',
    '--schema',
    copy,
    '--workload',
    slowQueryLog,
    '--statistics',
    statistics,
    '--write',
    '--format',
    'json',
  )
  const { recommendations } = JSON.parse(output) as Advice
  const known = new Set(readdirSync(MIGRATIONS))
  const written = readdirSync(join(copy, 'migrations'))
    .filter((name) => !known.has(name))
    .sort()
  return {
    recommendations: recommendations.map(({ model, fields, sql, reason, evidence }) => ({
      model,
      fields: [...fields],
      sql,
      reason,
      fromWorkload: evidence.some(({ kind }) => kind === 'workload'),
    })),
    migration: written.flatMap((name) =>
      statementsOf(readFileSync(join(copy, 'migrations', name, 'migration.sql'), 'utf8')),
    ),
  }
}

const BRISK = join(import.meta.dirname, '../packages/index-advisor/src/cli/bin.ts')

function brisk(cwd: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const loader = ['--conditions=@prisma-brisk/source', '--import', import.meta.resolve('tsx')]
    const child = spawn(process.execPath, [...loader, BRISK, ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
    child.once('error', reject).once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString())
      else
        reject(new Error(`brisk ${args.join(' ')} ended with ${code}:\n${Buffer.concat(errors).toString()}`))
    })
  })
}
