import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'

/** `brisk record` and `brisk check` as one runs them, around the runners as they are. */

// Each starts runners, several one after the other.
jest.setTimeout(600_000)

const ROOT = join(import.meta.dirname, '../../..')
const PROJECT = join(import.meta.dirname, 'support/recorded')
const BRISK = join(ROOT, 'packages/prisma-brisk/dist/brisk.js')
const JEST = `NODE_OPTIONS='--experimental-vm-modules --no-warnings' "${process.execPath}" "${join(ROOT, 'node_modules/jest/bin/jest.js')}" --config jest.config.json --rootDir . --randomize --silent`
const program = (name: string, file: string): string[] => [
  process.execPath,
  join(createRequire(import.meta.url).resolve(`${name}/package.json`), '..', file),
]
const RUNNERS = {
  jest: ['sh', '-c', `${JEST} feed.jest.js`],
  vitest: [...program('vitest', 'vitest.mjs'), 'run'],
  'node:test': [process.execPath, '--test', 'feed.node.js'],
  mocha: [...program('mocha', 'bin/mocha.js'), 'feed.mocha.js'],
}

let database: TestDatabase<PrismaClient>
let directory: string
beforeAll(async () => {
  database = await createDatabase('postgresql', { schema: 'demo', seed: 0.01 })
  directory = mkdtempSync(join(tmpdir(), 'brisk recording '))
})
afterAll(async () => {
  await database.drop()
  rmSync(directory, { recursive: true, force: true })
})

interface Line {
  readonly call: string
  readonly [name: string]: unknown
}
type Queries = Readonly<Record<string, readonly Line[]>>

async function brisk(args: readonly string[], env: Record<string, string> = {}, cwd = PROJECT) {
  const { NODE_OPTIONS: _, ...environment } = process.env
  const child = spawn(process.execPath, [BRISK, ...args], {
    cwd,
    env: { ...environment, NODE_ENV: 'test', APPLICATION_DATABASE: database.url, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()))
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, stdout, stderr }
}

let last = 0

async function record(command: readonly string[], env: Record<string, string> = {}) {
  const output = join(directory, `${++last}.json`)
  const { code, stdout, stderr } = await brisk(['record', '--output', output, '--', ...command], env)
  if (code !== 0) throw new Error(`${code}: ${stdout}${stderr}`)
  const text = readFileSync(output, 'utf8')
  return { output, text, queries: (JSON.parse(text) as { queries: Queries }).queries }
}

const FEED = [
  {
    call: 'Conversation.findMany({ orderBy: { id: asc }, take })',
    at: 'feed.js',
    calls: 1,
    statements: 1,
    rows: '<10',
  },
  { call: 'User.findMany({ where: { id: { in } } })', at: 'feed.js', calls: 1, statements: 1, rows: '<10' },
]
const SEARCH = {
  call: 'User.findMany({ take, where: { email: { startsWith } } })',
  at: 'feed.js',
  calls: 1,
  statements: 1,
}
const EACH = { call: 'Tag.findFirst({ where: { id } })', calls: 1, statements: 1, rows: '1' }
const DIGEST = {
  call: 'Tag.findMany({ take })',
  in: 'nightly digest',
  at: 'feed.js',
  calls: 1,
  statements: 1,
}

const recordings = new Map<readonly string[], ReturnType<typeof record>>()

/** The first of a command, made once. */
function recordedOnce(command: readonly string[]): ReturnType<typeof record> {
  let first = recordings.get(command)
  if (first === undefined) recordings.set(command, (first = record(command)))
  return first
}

describe.each(Object.entries(RUNNERS))('brisk record around %s', (runner, command) => {
  const file = {
    jest: 'feed.jest.js',
    vitest: 'feed.vitest.js',
    mocha: 'feed.mocha.js',
    'node:test': 'feed.node.js',
  }[runner] as string

  test('knows each call by its test, hooks of tests and of suites with it, and jobs within', async () => {
    const { queries } = await recordedOnce(command)
    expect(queries[`${file} › feed › shows conversations`]).toMatchObject([FEED[0], EACH, FEED[1]])
    expect(queries[`${file} › feed › finds users`]).toMatchObject([EACH, SEARCH])
    expect(queries[`${file} › jobs › run by themselves`]).toMatchObject([DIGEST])
    const setup = runner === 'mocha' ? `(outside of tests) ${file}` : `${file} (setup)`
    expect(queries[setup]).toMatchObject([{ call: 'Tag.count({})', at: file, calls: 1 }])
  })

  test('tests that run at once are told apart by their context, or said to run at once', async () => {
    if (runner === 'mocha') return
    const { queries } = await recordedOnce(command)
    if (runner === 'vitest') {
      expect(queries[`${file} (several tests at once)`]).toMatchObject([FEED[0], SEARCH, FEED[1]])
      return
    }
    expect(queries[`${file} › jobs › run beside each other`]).toMatchObject([SEARCH])
    expect(queries[`${file} › jobs › run beside others`]).toMatchObject(FEED)
  })

  test('writes the same bytes each time, in random order, with calls that batching merges or not', async () => {
    const { text } = await recordedOnce(command)
    const lines = (JSON.parse(text) as { queries: Queries }).queries[`${file} › feed › asks together`]
    const together = lines?.find(({ call }) => call.startsWith('User'))
    expect(together).toMatchObject({ calls: 3, statements: '1-3' })
    expect(together).not.toHaveProperty('loop')
    for (let run = 1; run < Number(process.env['BRISK_RECORDINGS'] ?? 2); run++)
      expect((await record(command)).text).toBe(text)
  })
})

describe('brisk record', () => {
  test('of a server in another process, the test that fetched counts, else the route; a killed server has told all', async () => {
    const { queries } = await record([process.execPath, '--test', 'asks-server.node.mjs'])
    expect(queries).toMatchObject({
      'asks-server.node.mjs › fetches the feed': FEED.map((line) => ({ ...line, in: 'GET /feed' })),
      'GET /users/:value': [SEARCH],
    })
  })

  test('writes no value: not of names, arguments, raw SQL or rows; forked, killed and shell processes and threads are heard', async () => {
    const { text, queries } = await record([process.execPath, '--test', 'names.node.mjs'])
    expect(Object.keys(queries)).toEqual([
      '(outside of tests) child.js',
      'names.node.mjs › C:\\Users\\me\\"feed" ❯ [31mred',
      'names.node.mjs › counts by raw SQL',
      'names.node.mjs › finds <email> of <date> with <id>',
    ])
    expect(queries['(outside of tests) child.js']).toMatchObject([
      { call: 'Tag.findMany({ take })', calls: 1 },
    ])
    expect(text).not.toMatch(/hunter2|20\d\d-|31m\\u001b/)
  })

  test('a test that was tried again counts as it went the last time; cases of one name are one', async () => {
    const { queries } = await record(['sh', '-c', `${JEST} retries.jest.js`])
    expect(Object.keys(queries)).toEqual([
      'retries.jest.js › runs 1 times',
      'retries.jest.js › runs 2 times',
      'retries.jest.js › succeeds in the end',
    ])
    expect(queries['retries.jest.js › succeeds in the end']).toMatchObject([SEARCH])
  })

  test('a command that fails is passed through, and leaves the recording of before', async () => {
    const output = join(directory, 'kept.json')
    writeFileSync(output, 'kept')
    const script = 'process.exit(7)'
    const { code, stderr } = await brisk(['record', '--output', output, '--', process.execPath, '-e', script])
    expect(code).toBe(7)
    expect(stderr).toContain('E_COMMAND_FAILED')
    expect(readFileSync(output, 'utf8')).toBe('kept')
  })

  test('a command that asks nothing is told of, and so is one that cannot be started', async () => {
    const nothing = await brisk(['record', '--', process.execPath, '-e', ''])
    expect(nothing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('E_NOTHING_RECORDED') as string,
    })
    const none = await brisk(['record', '--', 'no-such-command'])
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('ENOENT') as string })
  })

  test('keeps the NODE_OPTIONS that are set', async () => {
    const args = ['record', '--', process.execPath, '-p', 'process.env.NODE_OPTIONS']
    const { stdout } = await brisk(args, { NODE_OPTIONS: '--max-old-space-size=300' })
    expect(stdout).toMatch(/^--max-old-space-size=300 --require ".*test-hook\.cjs"\n$/)
  })

  test('works installed below a path with spaces', async () => {
    const place = join(directory, 'a project', 'node_modules')
    mkdirSync(join(place, '@prisma-brisk'), { recursive: true })
    cpSync(join(ROOT, 'packages/live/dist/recording'), join(place, 'hook'), { recursive: true })
    const load = `--require "${join(place, 'hook/test-hook.cjs')}"`
    const { stdout } = await brisk(['record', '--', process.execPath, '-p', '1'], { NODE_OPTIONS: load })
    expect(stdout).toBe('1\n')
  })
})

/** A project of its own with a committed recording. */
async function committed(env: Record<string, string> = {}, flags: readonly string[] = []) {
  const project = mkdtempSync(join(directory, 'project '))
  const recording = join(project, 'brisk-queries.json')
  const command = RUNNERS['node:test']
  const made = await brisk(['record', '--output', recording, ...flags, '--', ...command], env)
  if (made.code !== 0) throw new Error(made.stderr)
  const check = (planted: string, ...flags: string[]) =>
    brisk(['check', '--recording', recording, ...flags, '--', ...command], { PLANTED: planted })
  return { recording, check }
}

describe('brisk check', () => {
  test('finds nothing where nothing changed, and each planted fault by its rule, at its line', async () => {
    const { check } = await committed()
    expect(await check('')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/calls compared: 0 failed, 0 warned\.\n$/) as string,
    })
    for (const [fault, code, rule, place] of [
      ['loop', 1, 'fail n-plus-one', /feed\.js:\d+:\d+/],
      ['more', 1, 'fail more-statements', /feed\.js:\d+:\d+/],
      ['twice', 1, 'warn duplicate-reads', /feed\.js:\d+:\d+/],
      ['scan', 0, 'warn unindexed', /feed\.js:\d+:\d+/],
      ['list', 0, 'warn unbounded-list', /feed\.js:\d+:\d+/],
    ] as const) {
      const { code: got, stdout } = await check(fault)
      expect([fault, got]).toEqual([fault, code])
      expect(stdout).toContain(rule)
      expect(stdout).toMatch(place)
    }
  })

  test('--update writes the recording as the tests are now', async () => {
    const { recording, check } = await committed()
    const before = readFileSync(recording, 'utf8')
    expect((await check('loop', '--update')).code).toBe(0)
    expect(readFileSync(recording, 'utf8')).not.toBe(before)
    expect((await check('loop')).code).toBe(0)
  })

  test('what it prints can be read by a program: the output of the tests goes elsewhere', async () => {
    const { check } = await committed()
    const { stdout, code } = await check('loop', '--format', 'json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      findings: expect.arrayContaining([
        expect.objectContaining({ rule: 'n-plus-one', level: 'fail', before: null }),
      ]) as unknown,
    })
  })

  test('without a recording, with the marks of a merge, or without a command it says what to do', async () => {
    const missing = await brisk(['check', '--recording', 'none.json', '--', process.execPath, '-e', ''])
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('E_NO_RECORDING') as string })
    const torn = join(directory, 'torn.json')
    writeFileSync(torn, '{\n<<<<<<< HEAD\n=======\n>>>>>>> other\n}')
    const merge = await brisk(['check', '--recording', torn, '--', process.execPath, '-e', ''])
    expect(merge).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('merge conflict in line 2') as string,
    })
    expect(await brisk(['check'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('neither') as string,
    })
  })

  test('with statistics of production plans are compared without a database: a scan and a dearer plan are found', async () => {
    const exported = await brisk(['statistics', 'export', '--database-url', database.url, '--no-values'])
    const statistics = JSON.parse(exported.stdout) as {
      tables: { pages: number; indexes: { pages: number }[] }[]
    }
    // As if production were that much larger.
    for (const table of statistics.tables) for (const each of [table, ...table.indexes]) each.pages *= 30_000
    const production = join(directory, 'statistics.json')
    writeFileSync(production, JSON.stringify(statistics))
    const flags = ['--statistics', production]
    const { recording, check } = await committed({}, flags)
    const text = readFileSync(recording, 'utf8')
    expect(text).toMatch(
      /"call":"User\.findUnique.*"cost":[\d.]+,"plan":\["[^"]*Index Scan User User_pkey[^"]*"\]\}/,
    )
    expect((await check('', ...flags)).stdout).toMatch(/0 failed, 0 warned\.\n$/)
    const scanned = await check('scan', ...flags)
    expect(scanned.code).toBe(1)
    expect(scanned.stdout).toMatch(
      /fail sequential-scan: New sequential scan: .* reads all of User, about 1,800,000 rows\.\n {2}at {5}feed\.js:\d+/,
    )
    writeFileSync(
      recording,
      text.replace(
        /("call":"Conversation\.findMany.*?"cost":)([\d.]+)/g,
        (_, before: string, cost: string) => `${before}${Number(cost) / 2}`,
      ),
    )
    expect((await check('', ...flags)).stdout).toContain('warn cost: Dearer: Conversation.findMany')
  })
})
