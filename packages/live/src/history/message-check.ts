import type { LiveBrief, LiveMessage } from '@prisma-brisk/slow-query'

type Check = (value: unknown) => boolean
type Fields = Readonly<Record<string, Check>>

/** What is written by another program is looked at once, as it comes in: what the history holds is then what its types say. */
export function isMessage(value: unknown): value is LiveMessage | LiveBrief {
  if (typeof value !== 'object' || value === null) return false
  const { type } = value as { readonly type?: unknown }
  const fields = typeof type === 'string' && Object.hasOwn(FIELDS, type) ? FIELDS[type] : undefined
  return fields !== undefined && has(fields)(value)
}

const text: Check = (value) => typeof value === 'string'
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const time: Check = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value))
const yes: Check = (value) => typeof value === 'boolean'
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const one =
  (...of: readonly string[]): Check =>
  (value) =>
    of.includes(value as string)
const has =
  (fields: Fields): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(fields).every(([name, check]) => check((value as Readonly<Record<string, unknown>>)[name]))

const operation: Fields = { model: orNull(text), operation: text }
const error = maybe(has({ name: text, code: maybe(text), driverCode: maybe(text) }))
const statement = has({
  sql: text,
  ms: number,
  rows: number,
  fingerprint: text,
  at: number,
  waitMs: number,
  params: maybe(list(() => true)),
  error,
})
const numbers =
  (length: number): Check =>
  (value) =>
    Array.isArray(value) && value.length === length && value.every(number)
const object = has({})

const FIELDS: Readonly<Record<(LiveMessage | LiveBrief)['type'], Fields> & Record<string, Fields>> = {
  process: {
    process: text,
    pid: number,
    name: text,
    cwd: text,
    known: maybe(number),
    dropped: number,
    args: one('values', 'kinds'),
  },
  request: { id: text, name: text, time, traceId: maybe(text) },
  'request-end': {
    request: text,
    name: text,
    status: orNull(number),
    ms: number,
    isAborted: maybe(yes),
  },
  call: {
    ...operation,
    request: text,
    call: number,
    parent: maybe(number),
    at: number,
    ms: number,
    waitMs: number,
    transactionMs: number,
    statements: list(statement),
    rowsRead: number,
    rowsReturned: number,
    callSite: orNull(text),
    isSiteAssumed: maybe(yes),
    transaction: maybe(has({ kind: text, id: orNull(text) })),
    batch: maybe(has({ id: number, calls: number })),
    cache: maybe(text),
    limit: maybe(has({ rule: text, limit: orNull(number), cut: maybe(yes) })),
    error,
  },
  shape: { ...operation, number, callSite: orNull(text), isSiteAssumed: maybe(yes) },
  text: { number, sql: text, fingerprint: text },
  // What it stands for is looked at as a call.
  brief: {
    request: text,
    call: number,
    s: number,
    t: numbers(4),
    r: numbers(2),
    q: list((value) => Array.isArray(value)),
    x: maybe(object),
  },
  cache: {
    ...operation,
    request: orNull(text),
    call: orNull(number),
    callSite: orNull(text),
    time,
    event: text,
    status: maybe(text),
    reason: maybe(text),
    age: maybe(number),
    tags: maybe(number),
    reach: maybe(
      has({
        everything: yes,
        lists: list(text),
        tables: list(text),
        rows: number,
        values: number,
        own: number,
      }),
    ),
  },
  transaction: {
    request: text,
    call: orNull(number),
    event: one('begin', 'commit', 'rollback', 'savepoint'),
    at: number,
    ms: number,
    waitMs: number,
  },
  batch: {
    ...operation,
    request: orNull(text),
    batch: number,
    calls: number,
    statements: number,
    ms: number,
    fallbacks: number,
  },
  problem: {
    ...operation,
    request: text,
    kind: one(
      'n-plus-one',
      'duplicate-read',
      'unlimited-list',
      'thrown-away',
      'sequential-scan',
      'failed-call',
    ),
    count: number,
    callSite: orNull(text),
    title: text,
    mend: text,
    from: maybe(text),
  },
  plan: { fingerprint: text, sql: text },
  record: { record: has({ type: text }) },
  answer: { question: text, reason: maybe(text) },
}
