/** Fills histories with messages of one kind each, and prints what they say they take and what the heap says; see memory.test.ts. */
import { History } from '@prisma-brisk/live'

const gc = (globalThis as { gc?: () => void }).gc as () => void
const MAX = Number(process.argv[2])
const SQL = `SELECT "public"."User"."id", "public"."User"."email" FROM "public"."User" WHERE ("public"."User"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3`
const site = '/app/src/posts.ts:17:37'

type Make = (number: number, request: string) => object

const brief: Make = (call, request) => ({
  type: 'brief',
  request,
  call,
  s: 0,
  t: [12345, 1234, 0, 0],
  r: [1, 1],
  q: [[1, 1100, 12400, 0, 1]],
})
const kinds: Record<string, Make> = {
  calls: brief,
  'calls with values': (call, request) => ({
    ...brief(call, request),
    x: { args: { where: { id: call }, select: { id: true, name: true } }, cache: 'miss' },
  }),
  'calls of five statements': (call, request) => ({
    ...brief(call, request),
    q: Array.from({ length: 5 }, () => [1, 1100, 12400, 0, 1]),
  }),
  'whole calls': (call, request) => ({
    type: 'call',
    request,
    call,
    model: 'User',
    operation: 'findUnique',
    at: 12.345,
    ms: 1.234,
    waitMs: 0,
    transactionMs: 0,
    statements: [{ sql: SQL, ms: 1.1, rows: 1, fingerprint: `${call}`, at: 12.4, waitMs: 0 }],
    rowsRead: 1,
    rowsReturned: 1,
    callSite: site,
    args: { where: { id: 'number' } },
  }),
  'cache events': (call, request) => ({
    type: 'cache',
    request,
    call,
    callSite: site,
    time: '2026-11-30T10:00:00.000Z',
    event: 'read',
    model: 'User',
    operation: 'findUnique',
    status: 'hit',
    age: 3,
  }),
  'transaction events': (call, request) => ({
    type: 'transaction',
    request,
    call,
    event: 'begin',
    at: 1.234,
    ms: 0.3,
    waitMs: 0.001,
  }),
  problems: (_, request) => ({
    type: 'problem',
    request,
    kind: 'n-plus-one',
    model: 'User',
    operation: 'findUnique',
    count: 5,
    callSite: site,
    title: 'N+1: User.findUnique 5 times, 5 statements',
    mend: 'include: load them with their parent, prisma.post.findMany({ include: { author: true } })',
  }),
  plans: (number) => ({
    type: 'plan',
    fingerprint: `${number}`,
    sql: SQL,
    plan: {
      'Node Type': 'Limit',
      Plans: Array.from({ length: 10 }, (_, id) => ({ 'Node Type': 'Seq Scan', 'Plan Rows': id + 0.5 })),
    },
  }),
  definitions: (number) => ({
    type: 'text',
    number: number + 1,
    sql: `${SQL} ${number}`,
    fingerprint: `${number}`,
  }),
}

function heap(): number {
  gc()
  gc()
  return process.memoryUsage().heapUsed
}

function measure(kind: string, make: Make, perRequest: number): void {
  const before = heap()
  const history = new History(MAX)
  let number = 0
  // So much that a history without a bound would be many times too large.
  for (let sent = 0; sent < 6 * MAX;) {
    const about = {
      type: 'process',
      protocol: 1,
      // Each with what it tells once.
      process: kind === 'definitions' ? `p-${number}` : 'p',
      pid: 1,
      name: 'app',
      cwd: '/',
      dropped: 0,
      args: 'kinds',
    }
    const lines: object[] = [
      about,
      { type: 'shape', number: 0, model: 'User', operation: 'findUnique', callSite: site },
      { type: 'text', number: 1, sql: SQL, fingerprint: 'f' },
    ]
    for (let index = 0; index < 600; index += perRequest) {
      const id = `abcdefgh-${++number}`
      lines.push({ type: 'request', id, name: 'GET /posts/:id', time: '2026-11-30T10:00:00.000Z' })
      for (let each = 0; each < perRequest; each++) lines.push(make(++number, id))
      lines.push({ type: 'request-end', request: id, name: 'GET /posts/:id', status: 200, ms: 12.3 })
    }
    const delivery = lines.map((each) => JSON.stringify(each)).join('\n')
    history.take(delivery)
    sent += delivery.length
  }
  const used = heap() - before
  console.log(JSON.stringify({ kind, perRequest, said: history.bytes, used }))
}

for (const [kind, make] of Object.entries(kinds)) for (const each of [1, 200]) measure(kind, make, each)
