import { History } from '../src/history/history.ts'
import { requestRows } from '../src/answer/api.ts'
import { call, statement } from './calls.ts'

/** A request as lists show it. */

const about = {
  type: 'process',
  protocol: 1,
  process: 'p',
  pid: 1,
  name: 'x',
  cwd: '/',
  dropped: 0,
  args: 'kinds',
}
const begun = { type: 'request', id: 'r', name: 'GET /', time: '2026-11-30T10:00:00.000Z' }
const rowOf = (...messages: object[]) => {
  const history = new History(1_000_000)
  history.take([about, begun, ...messages].map((each) => JSON.stringify(each)).join('\n'))
  return requestRows(history, {})[0]
}
const ended = { type: 'request-end', request: 'r', name: 'GET /', status: null, ms: 3 }

test('time in the database is that in which a statement ran, not the sum of those that ran at once', () => {
  const at = (from: number, ms: number, waitMs = 0) => ({ ...statement(ms), at: from, waitMs })
  const row = rowOf(
    call(1, { statements: [at(0, 10), at(2, 3)] }),
    call(2, { statements: [at(5, 10), at(10, 5, 20)] }),
  )
  expect(row).toMatchObject({ databaseMs: 20, statements: 4 })
})

test('a request that its caller gave up says so; a job has no status either', () => {
  expect(rowOf(call(1), { ...ended, isAborted: true })).toMatchObject({ status: null, badges: ['aborted'] })
  expect(rowOf(call(1), ended)).toMatchObject({ status: null, badges: [] })
})
