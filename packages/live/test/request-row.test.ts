import { History } from '../src/history/history.ts'
import { problemViews, requestRows } from '../src/answer/api.ts'
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

test('a problem says how many requests of its route have ended without it since', () => {
  const history = new History(1_000_000)
  const problem = (callSite: string) => ({
    type: 'problem',
    request: 'r',
    kind: 'unlimited-list',
    model: 'User',
    operation: 'findMany',
    count: 1,
    callSite,
    title: 't',
    mend: 'm',
  })
  const tell = (id: string, name: string, ...problems: object[]) =>
    history.take(
      [
        about,
        { ...begun, id, name },
        ...problems.map((each) => ({ ...each, request: id })),
        { ...ended, request: id, name },
      ]
        .map((each) => JSON.stringify(each))
        .join('\n'),
    )
  tell('1', 'GET /a', problem('a.ts:1:1'), problem('a.ts:2:2'))
  tell('2', 'GET /b')
  const views = () =>
    problemViews(history, {}).map(({ callSite, requests, requestsSince }) => [
      callSite,
      requests,
      requestsSince,
    ])
  expect(views()).toEqual([
    ['a.ts:1:1', 1, 0],
    ['a.ts:2:2', 1, 0],
  ])
  tell('3', 'GET /a', problem('a.ts:2:2'))
  tell('4', 'GET /a', problem('a.ts:2:2'))
  expect(views()).toEqual([
    ['a.ts:2:2', 3, 0],
    ['a.ts:1:1', 1, 2],
  ])
})

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
