import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { consoleSink, slowQuery } from '@prisma-brisk/slow-query'
import { packPackages } from '../../scripts/packed-package.ts'
import { run as runProgram } from '../../scripts/program.ts'
import { ROOT } from '../../scripts/workspace.ts'
import { createDatabase } from '../../test/support/databases.ts'
import { median, type Bench } from '../harness.ts'

/** What a new user meets: until the command answers, until a project is set up, on the disk, and in the log. */
export async function run(bench: Bench): Promise<void> {
  await help(bench)
  await init(bench)
  await installedSize(bench)
  await log(bench)
}

const brisk = join(ROOT, 'packages/prisma-brisk/dist/brisk.js')

async function help(bench: Bench): Promise<void> {
  const name = 'first-day/help'
  if (!bench.wants(name)) return
  const seconds = await secondsOf(7, () => program([brisk, '--help'], ROOT))
  bench.limited(name, seconds, 's', 0.4)
}

/** An application of 40 models and 120 files. */
async function init(bench: Bench): Promise<void> {
  const name = 'first-day/init'
  if (!bench.wants(name)) return
  const seconds = await secondsOf(5, async () => {
    const cwd = application()
    try {
      // Without the compiler, whose time is that of the application's own code.
      const startedAt = performance.now()
      await program([brisk, 'init', '--yes', '--no-types'], cwd)
      return performance.now() - startedAt
    } finally {
      rmSync(cwd, { recursive: true, force: true })
    }
  })
  bench.limited(name, seconds, 's', 3)
}

/** What `npm i prisma-brisk` adds to an application that has Prisma: packed, without the advisor. */
async function installedSize(bench: Bench): Promise<void> {
  const name = 'first-day/installed-size'
  if (!bench.wants(name)) return
  const place = mkdtempSync(join(tmpdir(), 'brisk-size-'))
  try {
    const packed = await packPackages(join(place, 'tarballs'))
    const tarballs = Object.fromEntries(packed.map((each) => [each.name, `file:${each.tarball}`]))
    const { 'prisma-brisk': suite, ...overrides } = tarballs
    const manifest = { private: true, dependencies: { 'prisma-brisk': suite }, overrides }
    writeFileSync(join(place, 'package.json'), JSON.stringify(manifest))
    // Prisma is a peer and there already: not installed, not counted.
    const install = ['install', '--legacy-peer-deps', '--no-audit', '--no-fund', '--prefer-offline']
    const { code, output } = await runProgram('npm', install, place)
    if (code !== 0) throw new Error(output)
    bench.limited(name, bytesIn(join(place, 'node_modules')) / 1e6, 'MB', 20)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** The median of several runs, the first of which reads the files into memory; `task` may time itself. */
async function secondsOf(rounds: number, task: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const startedAt = performance.now()
    const own = await task()
    if (round > 0) times.push(typeof own === 'number' ? own : performance.now() - startedAt)
  }
  return median(times) / 1000
}

async function program(args: readonly string[], cwd: string): Promise<void> {
  const { code, output } = await runProgram(process.execPath, args, cwd)
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${output}`)
}

function application(): string {
  const cwd = mkdtempSync(join(tmpdir(), 'brisk-first-day-'))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(cwd, path)), { recursive: true })
    writeFileSync(join(cwd, path), text)
  }
  const models = Array.from(
    { length: 40 },
    (_, index) =>
      `model Model${index} {\n  id Int @id\n  name String\n  createdAt DateTime @default(now())\n}\n`,
  )
  write(
    'prisma/schema.prisma',
    `generator client {\n  provider = "prisma-client"\n  output = "../src/generated/prisma"\n}\n\ndatasource db {\n  provider = "postgresql"\n}\n\n${models.join('\n')}`,
  )
  write('prisma.config.ts', `export default { schema: 'prisma/schema.prisma' }\n`)
  write('package.json', '{"private":true,"type":"module"}')
  write(
    'src/db.ts',
    `import { PrismaClient } from './generated/prisma/client.js'\nexport const prisma = new PrismaClient({ adapter })\n`,
  )
  write('src/app.ts', `import express from 'express'\nexport const app = express()\n`)
  for (let index = 0; index < 118; index++)
    write(
      `src/routes/route-${index}.ts`,
      `import { Prisma } from '../generated/prisma/client.js'\n${`export const f = (tx: Prisma.TransactionClient) => tx.model1.findMany({ where: { id: ${index} } })\n`.replace('f', `f${index}`)}`,
    )
  // The Prisma CLI reads the configuration.
  symlinkSync(join(ROOT, 'node_modules'), join(cwd, 'node_modules'))
  return cwd
}

function bytesIn(directory: string): number {
  let bytes = 0
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size
  return bytes
}

const SECONDS = 60
const REQUESTS_A_SECOND = 100
const SHAPES = 20

/** Lines on the console in a minute of slow requests. */
async function log(bench: Bench): Promise<void> {
  const name = 'first-day/log'
  if (!bench.wants(name)) return
  const database = await createDatabase('postgresql')
  let lines = 0
  const prisma = database.createClient().$extends(
    slowQuery({
      threshold: 0.000_001,
      sinks: [consoleSink({ print: () => void lines++ })],
    }),
  )
  const request = (shape: number): Promise<unknown> =>
    prisma.user.findMany({ where: { AND: Array.from({ length: shape + 1 }, (_, id) => ({ id })) } })
  const open = new Set<Promise<unknown>>()
  const startedAt = performance.now()
  for (let index = 0; index < SECONDS * REQUESTS_A_SECOND; index++) {
    const due = startedAt + (index * 1000) / REQUESTS_A_SECOND
    const early = due - performance.now()
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    const answer = request(index % SHAPES)
    open.add(answer)
    void answer.finally(() => open.delete(answer))
  }
  await Promise.all(open)
  await prisma.$disconnect()
  bench.limited(name, lines, 'lines', 60)
  await database.drop()
}
