import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { readSlowQueryLog } from '../../../index-advisor/src/workload/slow-query-log.ts'
import { jsonLinesSink, redactSql, type SlowQueryRecord } from '@prisma-brisk/slow-query'

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

const record = (number: number): SlowQueryRecord => ({
  type: 'slow-query',
  time: new Date(0).toISOString(),
  model: 'User',
  operation: 'findMany',
  ms: 120,
  threshold: 100,
  statements: [
    {
      ...redactSql(
        `SELECT "id" FROM "public"."User" WHERE "id" IN (${number}, 2, 3, 4, 5) LIMIT 1`,
        'postgresql',
      ),
      ms: 120,
      rows: 1,
    },
  ],
  rowsRead: 1,
  rowsReturned: 1,
  waitMs: 0,
  transactionMs: 0,
  fingerprint: '0'.repeat(16),
  callSite: null,
  notes: {},
})

test('S20 the advisor reads the log back: rotated files and a torn line included', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-log-'))
  try {
    const path = join(directory, 'slow.ndjson')
    const sink = jsonLinesSink(path, { maxBytes: 2000, maxFiles: 20 })
    for (let number = 0; number < 20; number++) {
      sink.write(record(number))
      await sink.flush()
    }
    expect(sink.dropped).toBe(0)
    expect(readFileSync(`${path}.1`, 'utf8').length).toBeLessThanOrEqual(2000)
    appendFileSync(path, '{"type":"slow-query","model":"User","operat')
    const workload = await readSlowQueryLog(path, 'postgresql')
    expect(workload.queries).toHaveLength(1)
    expect(workload.queries[0]).toMatchObject({ calls: 20, totalMs: 2400 })
    // A new process ends the torn line before it writes its own.
    const next = jsonLinesSink(path)
    next.write(record(99))
    await next.flush()
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ model: 'User' })
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('S20 who writes little loses nothing when others rotate the file away, or a tool moves it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-log-'))
  try {
    const path = join(directory, 'slow.ndjson')
    const busy = jsonLinesSink(path, { maxBytes: 2000, maxFiles: 2 })
    const quiet = jsonLinesSink(path, { maxBytes: 2000, maxFiles: 2 })
    for (let number = 0; number < 30; number++) {
      busy.write(record(number))
      await busy.flush()
    }
    quiet.write({ ...record(0), request: 'of the quiet one' })
    await quiet.flush()
    expect(quiet.dropped).toBe(0)
    expect(readFileSync(path, 'utf8')).toContain('of the quiet one')
    renameSync(path, join(directory, 'moved.ndjson'))
    busy.write(record(99))
    await busy.flush()
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(1)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('S20 a disk that fills in the middle of a line loses that line alone, and says how many', () => {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-log-'))
  try {
    const path = join(directory, 'slow.ndjson')
    const program = `
      import { execFileSync } from 'node:child_process'
      import { jsonLinesSink } from '@prisma-brisk/slow-query'
      const sink = jsonLinesSink(${JSON.stringify(path)})
      const write = async (number) => {
        sink.write({ number, text: 'x'.repeat(100) })
        await sink.flush()
      }
      await write(1)
      // One line of this batch fits, and half of another.
      for (const number of [2, 3, 4]) sink.write({ number, text: 'x'.repeat(100) })
      await sink.flush()
      await write(5)
      execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:unlimited'])
      await write(6)
      await write(7)
      console.log(sink.dropped)
    `
    const node = [
      process.execPath,
      '--conditions=@prisma-brisk/source',
      '--import',
      TSX,
      '--input-type=module',
    ]
    // Without the signal, writing beyond the limit fails as on a full disk.
    const output = execFileSync(
      'bash',
      ['-c', `trap '' XFSZ; exec prlimit --fsize=300:unlimited "$@"`, 'bash', ...node, '--eval', program],
      {
        cwd: import.meta.dirname,
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
    expect(Number(output.toString())).toBe(3)
    const numbers = readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => /^\{"number":(\d+),"text":"x{100}"\}$/.exec(line)?.[1] ?? line.slice(0, 12))
    expect(numbers).toEqual(['1', '2', '{"number":3,', '6', '7', ''])
  } finally {
    rmSync(directory, { recursive: true })
  }
})
