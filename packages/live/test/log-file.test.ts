import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hubStatus } from '../src/answer/api.ts'
import { History } from '../src/history/history.ts'
import { readLog } from '../src/history/log-file.ts'

test('a log of slow queries opens as requests, and what it lacks is said', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-live-'))
  const file = join(directory, 'slow.ndjson')
  const record = {
    type: 'slow-query',
    time: '2026-11-30T00:00:00.000Z',
    model: 'User',
    operation: 'findMany',
    ms: 200,
    threshold: 100,
    statements: [{ sql: 'SELECT 1', ms: 190, rows: 1, fingerprint: 'f' }],
    rowsRead: 1,
    rowsReturned: 1,
    waitMs: 0,
    transactionMs: 0,
    fingerprint: 'f',
    callSite: '/app/a.ts:1:1',
    request: 'GET /slow',
    traceId: 'abc',
    notes: {},
  }
  writeFileSync(file, `${JSON.stringify(record)}\n${JSON.stringify(record)}\ntorn`)
  const history = new History(1e6)
  expect(hubStatus(history).lacks).toEqual([])
  expect(await readLog(file, history)).toBe(2)
  expect(history.all()).toMatchObject([{ name: 'GET /slow', calls: [{ ms: 200 }, { ms: 200 }] }])
  expect(hubStatus(history).lacks.join()).toContain('the order of calls')
  await expect(readLog(join(directory, 'none'), history)).rejects.toMatchObject({ code: 'E_LIVE_ARGUMENT' })
  rmSync(directory, { recursive: true })
})
