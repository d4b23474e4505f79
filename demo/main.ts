// The main job on real input: what hurt in five applications, on plain Prisma and with the suite, side by side.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { seed } from '../prisma/seed.ts'
import { type CaseReport, measureCase, type MeasuredCase } from './case-run.ts'
import { classLog } from './cases/class-log.ts'
import { conversationList } from './cases/conversation-list.ts'
import { dashboard } from './cases/dashboard.ts'
import { longConversation } from './cases/long-conversation.ts'
import { profileReads } from './cases/profile-reads.ts'
import { type DemoOptions, readCommandLine } from './command-line.ts'
import { openClients } from './demo-clients.ts'
import { openDemoDatabase, UnusableServerError } from './demo-database.ts'
import { adviseIndexes } from './index-advice.ts'
import { type Progress, startProgress } from './progress.ts'
import { type DemoReport, printReport } from './report.ts'

const CASES = [conversationList, longConversation, profileReads, classLog, dashboard]

const options = readCommandLine(process.argv.slice(2))
const progress = startProgress()
try {
  const report = await runDemo(options, progress)
  progress.done()
  if (options.json) console.log(JSON.stringify(report, null, 2))
  else printReport(report)
  process.exitCode = report.improved ? 0 : 1
} catch (error) {
  progress.done()
  console.error(error instanceof UnusableServerError ? error.message : error)
  process.exitCode = 1
}

async function runDemo({ databaseUrl, factor }: DemoOptions, { say }: Progress): Promise<DemoReport> {
  const started = performance.now()
  say(databaseUrl === null ? 'starting PGlite' : 'making a database')
  const database = await openDemoDatabase(databaseUrl)
  const logs = mkdtempSync(join(tmpdir(), 'brisk-demo-log-'))
  try {
    const rows = await seed(database.adapter(), {
      factor,
      onRows: (count) => say('seeding', `: ${count.toLocaleString('en')} rows`),
    })
    const slowQueryLog = join(logs, 'slow-queries.ndjson')
    const clients = openClients(database, slowQueryLog)
    const measured: MeasuredCase[] = []
    for (const demoCase of CASES) {
      say(demoCase.name)
      measured.push(await measureCase(demoCase, clients))
    }
    await clients.brisk.prisma.$queries.flush()
    say('asking the index advisor')
    const advice = await adviseIndexes(database, clients, slowQueryLog)
    const cases: CaseReport[] = []
    for (const [index, demoCase] of CASES.entries()) {
      if (demoCase.wantsIndex === true) say(`${demoCase.name}, with the advised indexes`)
      cases.push(await measured[index]!.conclude())
    }
    await Promise.all([clients.plain.prisma.$disconnect(), clients.brisk.prisma.$disconnect()])
    const improved = advice.improved && cases.every((report) => report.improved)
    const seconds = (performance.now() - started) / 1000
    return { database: database.description, rows, seconds, cases, advice, improved }
  } finally {
    await database.close()
    rmSync(logs, { recursive: true, force: true })
  }
}
