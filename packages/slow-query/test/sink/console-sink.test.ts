import { jest } from '@jest/globals'
import {
  consoleSink,
  type ConsoleSinkOptions,
  type NPlusOneReport,
  type SlowQueryRecord,
} from '@prisma-brisk/slow-query'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

function printed(options: ConsoleSinkOptions = {}) {
  const lines: string[] = []
  const sink = consoleSink({ colors: false, print: (line) => void lines.push(line), ...options })
  return { sink, take: () => lines.splice(0) }
}

const slow = (ms: number, callSite = 'src/list.ts:3:5'): SlowQueryRecord => ({
  type: 'slow-query',
  time: '2026-01-01T00:00:00.000Z',
  model: 'User',
  operation: 'findMany',
  ms,
  threshold: 100,
  statements: [{ sql: 'SELECT "a" FROM "User" WHERE "b" = $1', ms, rows: 3, fingerprint: 'f' }],
  rowsRead: 3,
  rowsReturned: 3,
  waitMs: 0,
  transactionMs: 0,
  fingerprint: 'f',
  callSite,
  notes: {},
})

const loop = (statements: number, advice = 'include: …'): NPlusOneReport => ({
  type: 'n-plus-one',
  time: '2026-01-01T00:00:00.000Z',
  kind: 'read',
  model: 'Post',
  operation: 'findMany',
  field: null,
  count: statements,
  statements,
  totalMs: 5,
  callSite: 'src/list.ts:4:7',
  advice,
})

test('KN7 one line a shape and place a minute, with its count, p95 and worst; the place stands first', async () => {
  const { sink, take } = printed()
  void sink.write(slow(150))
  expect(take()).toEqual([
    'src/list.ts:3:5  slow  User.findMany  150 ms (> 100)  3 rows  SELECT a FROM User WHERE b = $1',
  ])
  for (let index = 1; index <= 100; index++) void sink.write(slow(100 + index))
  void sink.write(slow(300, 'src/other.ts:1:1'))
  expect(take()).toHaveLength(1)
  jest.advanceTimersByTime(59_000)
  expect(take()).toEqual([])
  jest.advanceTimersByTime(1000)
  expect(take()).toEqual([
    expect.stringMatching(
      /^src\/list\.ts:3:5 {2}slow {2}User\.findMany {2}× 100 in 60 s, p95 19\d ms, worst 200 ms {2}3 rows {2}SELECT/,
    ),
  ])
  // The next minute is counted anew, and a silent one forgets.
  void sink.write(slow(120))
  expect(take()).toEqual([])
  jest.advanceTimersByTime(60_000)
  expect(take()).toEqual([expect.stringContaining('× 1 in 60 s')])
  jest.advanceTimersByTime(60_000)
  void sink.write(slow(130))
  expect(take()).toEqual([expect.stringContaining('130 ms (> 100)')])
  void sink.write(slow(140))
  await sink.flush?.()
  expect(take()).toEqual([expect.stringContaining('× 1 in 1 s, p95 140 ms, worst 140 ms')])
  expect(jest.getTimerCount()).toBe(0)
})

test('KN7 a loop is printed once until it changes', () => {
  const { sink, take } = printed()
  for (const statements of [20, 20, 39]) void sink.write(loop(statements))
  expect(take()).toEqual([
    'src/list.ts:4:7  n+1  Post.findMany  20 calls, 20 statements, 5.0 ms',
    '      include: …',
  ])
  void sink.write(loop(40))
  expect(take()[0]).toContain('40 statements')
  void sink.write(loop(20, 'in: …'))
  expect(take()[1]).toContain('in: …')
})

test("KN7 format 'full' and fold: false print every record", () => {
  for (const options of [{ format: 'full' }, { fold: false }] as const) {
    const { sink, take } = printed(options)
    void sink.write(slow(150))
    void sink.write(slow(160))
    expect(take().filter((line) => line.includes('User.findMany'))).toHaveLength(2)
  }
})

test('KN7 paths are shown from the working directory, and only there', () => {
  const { sink, take } = printed()
  void sink.write(slow(150, `${process.cwd()}/src/list.ts:3:5`))
  void sink.write(slow(150, `/elsewhere${process.cwd()}/src/list.ts:3:5`))
  void sink.write({ ...loop(12), parent: `User.findMany (${process.cwd()}/src/user.ts:1:2)` })
  expect(take()).toEqual([
    expect.stringMatching(/^src\/list\.ts:3:5 {2}slow/),
    expect.stringMatching(/^\/elsewhere\/.*\/src\/list\.ts:3:5 {2}slow/),
    expect.stringMatching(/^src\/list\.ts:4:7/),
    '      for each row of User.findMany (src/user.ts:1:2)',
    expect.any(String),
  ])
})

test.each([
  [0, '0 statements'],
  [1, '1 statement'],
  [2, '2 statements'],
])('KN7 a slow request of %d statements', (statements, text) => {
  const { sink, take } = printed()
  const time = '2026-01-01T00:00:00.000Z'
  void sink.write({
    type: 'slow-request',
    time,
    request: 'GET /',
    status: 200,
    ms: 2000,
    statements,
    databaseMs: 1,
  })
  expect(take()).toEqual([expect.stringMatching(new RegExp(`, ${text}$`))])
})
