import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { jsonLinesSink, slowQuery } from '@prisma-brisk/slow-query'

import { run } from '../../../packages/index-advisor/src/cli/run.ts'
import type { Advice } from '../../../packages/index-advisor/src/advice/advice.ts'
import { createDatabase } from '../../support/databases.ts'
import { type ConnectedClient, connectSql, totalCost } from '../../support/sql-client.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

const root = join(import.meta.dirname, '../../..')
const project = mkdtempSync(join(tmpdir(), 'brisk-chain-'))
const log = join(project, 'slow.ndjson')
let database: Awaited<ReturnType<typeof demoDatabase>>
let client: ConnectedClient

const demoDatabase = () => createDatabase('postgresql', { schema: 'demo', seed: 1 })

beforeAll(async () => {
  cpSync(join(root, 'prisma/schema.prisma'), join(project, 'prisma/schema.prisma'))
  cpSync(join(root, 'prisma/migrations'), join(project, 'prisma/migrations'), { recursive: true })
  database = await demoDatabase()
  client = await connectSql(database.url)
  await client.query('vacuum analyze')
}, 120_000)

afterAll(async () => {
  await client?.end()
  await database?.drop()
  rmSync(project, { recursive: true, force: true })
})

/** What the five applications of the demo domain ask all day; three times each, with other values. */
async function workload(prisma: PrismaClient): Promise<void> {
  for (const userId of [3, 17, 42]) {
    await prisma.movement.findMany({ where: { userId }, orderBy: { generatedAt: 'desc' }, take: 900 })
    await prisma.conversation.findMany({ where: { userId }, orderBy: { createdAt: 'desc' }, take: 50 })
    await prisma.userExercise.findMany({
      where: { userId, status: 'PASSED' },
      orderBy: { assignedAt: 'desc' },
      take: 20,
    })
    await prisma.studySession.findMany({ where: { userId }, orderBy: { startedAt: 'desc' }, take: 20 })
    await prisma.behaviorPattern.findMany({ where: { userId, confidence: { gte: 0.7 } } })
    await prisma.insight.findMany({ where: { userId }, orderBy: { createdAt: 'desc' }, take: 20 })
    await prisma.recommendation.findMany({
      where: { userId, acknowledgedAt: null },
      orderBy: { priority: 'desc' },
      take: 10,
    })
    await prisma.annotation.findMany({ where: { traceId: userId }, orderBy: { createdAt: 'desc' }, take: 50 })
    await prisma.trace.count({ where: { workshopId: userId } })
  }
  const conversations = await prisma.conversation.findMany({ select: { id: true }, take: 3 })
  for (const { id } of conversations) {
    await prisma.message.findMany({ where: { conversationId: id }, orderBy: { createdAt: 'desc' }, take: 50 })
    await prisma.message.count({ where: { conversationId: id } })
  }
}

interface Statement {
  readonly sql: string
  readonly args: readonly unknown[]
}

/** What each statement of the workload costs on this database, by the server's own EXPLAIN. */
async function costsOf(statements: readonly Statement[]): Promise<Map<string, number>> {
  const costs = new Map<string, number>()
  for (const { sql, args } of statements) {
    const [row] = await client.query(`explain (format json) ${sql}`, args)
    const cost = totalCost(row)
    costs.set(sql, Math.max(cost, costs.get(sql) ?? 0))
  }
  return costs
}

async function brisk(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const code = await run(argv, {
    cwd: project,
    now: () => new Date('2025-06-01T12:00:00Z'),
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    isTerminal: false,
  })
  return { code, out, err }
}

test('the whole chain: log, advise, write, apply, verify; every slow statement at least 5 times cheaper, none worse', async () => {
  const sink = jsonLinesSink(log)
  const recorded = database.createRecordedClient()
  const observed = recorded.client.$extends(
    slowQuery({ threshold: 0.001, sinks: [sink] }),
  ) as unknown as PrismaClient
  await workload(observed)
  await sink.flush()
  const statements = recorded.log.statements.filter(({ sql }) => /^\s*select/i.test(sql))
  const before = await costsOf(statements)

  // X43: the log and everything made from it is free of values.
  expect(readFileSync(log, 'utf8').split('\n').length).toBeGreaterThan(20)

  const advised = await brisk(
    'advise',
    '--no-source',
    '--workload',
    log,
    '--database-url',
    database.url,
    '--format',
    'json',
    '--write',
  )
  expect(advised.err).toContain('wrote ')
  expect(advised.code).toBe(0)
  const advice = JSON.parse(advised.out) as Advice
  const ids = advice.recommendations.map((each) => each.id)
  expect(ids).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^Message\(conversationId/),
      expect.stringMatching(/^Movement\(userId/),
    ]),
  )
  const proved = advice.recommendations.filter((each) => each.confidence === 'proved')
  expect(proved).toEqual(advice.recommendations)
  for (const each of proved) expect(each.after?.cost).toBeLessThan(each.before?.cost ?? 0)

  const migrations = join(project, 'prisma/migrations')
  const added = readdirSync(migrations)
    .filter((name) => name.includes('add_index'))
    .sort()
  expect(added.length).toBeGreaterThan(0)
  for (const name of added) {
    const sql = readFileSync(join(migrations, name, 'migration.sql'), 'utf8').replace(/^\s*--.*$/gm, '')
    for (const statement of sql.split(';')) if (statement.trim() !== '') await client.query(statement)
  }
  await client.query('analyze')

  const after = await costsOf(statements)
  const slow = [...before].filter(([, cost]) => cost > 500)
  expect(slow.length).toBeGreaterThanOrEqual(7)
  const gains = slow.map(([statement, cost]) => ({
    statement,
    gain: cost / (after.get(statement) ?? Infinity),
  }))
  expect(gains.filter(({ gain }) => gain < 5)).toEqual([])
  const worse = [...before].filter(([statement, cost]) => (after.get(statement) ?? Infinity) > cost * 1.01)
  expect(worse).toEqual([])

  // Used by the workload, and verified.
  await workload(database.createClient())
  await client.query('select pg_stat_clear_snapshot()')
  const verified = await brisk('verify', '--database-url', database.url, '--format', 'json')
  const { indexes } = JSON.parse(verified.out) as { indexes: { name: string; state: string }[] }
  for (const each of advice.recommendations) {
    const name = /INDEX CONCURRENTLY (?:IF NOT EXISTS )?"([^"]+)"/.exec(each.sql)?.[1]
    expect(indexes).toContainEqual(
      expect.objectContaining({ name, state: expect.stringMatching(/^(used|unused)$/) }),
    )
  }
  expect(verified.code).toBe(0)

  // X63: advised again, nothing is left to do.
  const again = await brisk(
    'advise',
    '--no-source',
    '--workload',
    log,
    '--database-url',
    database.url,
    '--format',
    'json',
  )
  expect((JSON.parse(again.out) as Advice).recommendations).toEqual([])
}, 120_000)
