import { apiAnswer } from '../src/answer/api.ts'
import { History } from '../src/history/history.ts'
import { call } from './calls.ts'

/** What a hub is told is taken as its types say, or not at all: nothing that was let in may spoil an answer. */

const time = '2026-11-30T10:00:00.000Z'
const operation = { model: 'User', operation: 'findMany' }
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
const whole: Record<string, unknown>[] = [
  about,
  { type: 'request', id: 'r', name: 'GET /', time },
  { ...call(1), batch: { id: 1, calls: 2 }, limit: { rule: 'clamp', limit: 5 }, error: { name: 'Error' } },
  { ...operation, type: 'shape', number: 0, callSite: null },
  { type: 'text', number: 1, sql: 'SELECT 1', fingerprint: 'f' },
  { type: 'brief', request: 'r', call: 2, s: 0, t: [1, 1, 0, 0], r: [1, 1], q: [[1, 1, 1, 0, 1]], x: {} },
  { ...operation, type: 'cache', request: 'r', call: 1, callSite: null, time, event: 'read', status: 'hit' },
  { type: 'transaction', request: 'r', call: null, event: 'begin', at: 1, ms: 1, waitMs: 0 },
  { ...operation, type: 'batch', request: 'r', batch: 1, calls: 2, statements: 1, ms: 1, fallbacks: 0 },
  {
    ...operation,
    type: 'problem',
    request: 'r',
    kind: 'n-plus-one',
    count: 3,
    callSite: null,
    title: 't',
    mend: 'm',
  },
  { type: 'plan', fingerprint: 'f', sql: 'SELECT 1', plan: {} },
  { type: 'record', record: { type: 'request-budget', request: 'GET /' } },
  { type: 'request-end', request: 'r', name: 'GET /', status: 200, ms: 3 },
]
const ADDRESSES = [
  'requests',
  'requests/latest',
  'requests/r',
  'problems',
  'routes',
  'queries',
  'cache',
  'batching',
  'records',
]

function answers(history: History): unknown[] {
  return ADDRESSES.map((name) => apiAnswer(new URL(`http://hub/api/${name}?route=GET`), history))
}

/** The same message with each of its members in turn replaced, those within others too. */
function* spoilt(value: unknown): Generator {
  for (const other of [null, {}, [null], 'a', -1, true]) yield other
  if (Array.isArray(value))
    for (const [index, each] of value.entries()) for (const one of spoilt(each)) yield value.with(index, one)
  else if (typeof value === 'object' && value !== null)
    for (const [name, each] of Object.entries(value)) {
      yield Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
      for (const one of spoilt(each)) yield { ...value, [name]: one }
    }
}

function told(messages: readonly unknown[]): History {
  const history = new History(1_000_000)
  history.take(messages.map((each) => JSON.stringify(each)).join('\n'))
  return history
}

test('a delivery of whole messages is taken as it is', () => {
  const history = told(whole)
  expect(history.refused).toBe(0)
  expect(history.all()).toMatchObject([{ name: 'GET /', ms: 3, calls: [{ call: 1 }, { call: 2 }] }])
})

test.each(whole.map((message, index) => [String(message['type']), index] as const))(
  'a %s that is none in any of its members spoils no answer',
  (_, index) => {
    for (const one of spoilt(whole[index])) {
      const history = told([...whole.slice(0, index), one, ...whole.slice(index + 1)])
      try {
        JSON.stringify(answers(history))
        history.clear()
      } catch (error) {
        throw new Error(`spoilt by ${JSON.stringify(one)}`, { cause: error })
      }
    }
  },
)

test('what stands for a call is looked at as one', () => {
  const brief = whole[5] as object
  const history = told([...whole.slice(0, 5), { ...brief, x: { statements: null } }, { ...brief, call: 3 }])
  expect(history.refused).toBe(1)
  expect(history.all()[0]?.calls.map((each) => each.call)).toEqual([1, 3])
})
