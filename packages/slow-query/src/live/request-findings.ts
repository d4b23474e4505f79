import { canonicalize, operationTraits, type Call, type Host, type Model } from '@prisma-brisk/core'
import { accessor, callCode } from '../loop/call-code.ts'
import { equalityKeys } from '../loop/loop-advice.ts'
import type { LiveProblem } from '../record/live-records.ts'
import type { NPlusOneReport } from '../record/records.ts'
import { errorRecordOf } from '../record/error-record.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { meaningOf } from './failure-codes.ts'

/** A list without `take` is remarked on from so many rows on: fewer say nothing about what production holds. */
const LONG_LIST = 50
/** Rows are thrown away where so many times as many were read as are in the result. */
const THROWN_AWAY = 3

/** What is found; the request it belongs to is known to whoever asks. */
export type Finding = Omit<LiveProblem, 'type' | 'request'>
/** Where a call was made. */
export type SiteOf = (trace: OperationTrace) => string | null

/** A loop, as the loop detector reports it. */
export function loopFinding(report: NPlusOneReport): Finding {
  const { kind, model, operation, count, callSite, advice, parent, statements } = report
  const what = kind === 'write' ? 'writes one after the other' : 'N+1'
  return {
    kind: 'n-plus-one',
    model,
    operation,
    count,
    callSite,
    title: `${what}: ${nameOf(model, operation)} ${count} times, ${statements} statements`,
    mend: advice,
    ...(parent === undefined ? {} : { from: parent }),
  }
}

/**
 * Reads that asked the database for the same a second time, with no write of the model between them.
 *
 * @param isCut whether the request made more calls than these
 */
export function duplicateReads(traces: readonly OperationTrace[], siteOf: SiteOf, isCut: boolean): Finding[] {
  const groups = new Map<string, OperationTrace[]>()
  const writes = new Map<string | null, number>()
  for (const trace of traces) {
    const { call } = trace
    const { isWrite } = operationTraits(call.operation)
    if (isWrite || call.model === null) {
      // Raw SQL may write anything.
      if (call.model === null)
        for (const model of writes.keys()) writes.set(model, (writes.get(model) ?? 0) + 1)
      else writes.set(call.model, (writes.get(call.model) ?? 0) + 1)
      continue
    }
    if (!writes.has(call.model)) writes.set(call.model, 0)
    if (trace.failed || trace.statements === null || call.transaction.kind !== 'none') continue
    const key = `${call.model}.${call.operation} ${writes.get(call.model)} ${canonicalOf(call)}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [trace])
    else group.push(trace)
  }
  return [...groups.values()].flatMap((group) => {
    const [first, second] = group
    if (first === undefined || second === undefined) return []
    const { model, operation } = first.call
    const from = siteOf(first)
    return [
      {
        kind: 'duplicate-read' as const,
        model,
        operation,
        count: group.length,
        callSite: siteOf(second),
        title: `the same read ${isCut ? 'at least ' : ''}${group.length} times: ${nameOf(model, operation)}`,
        mend: `reuse: keep what the first one read${from === null ? '' : ` (${from})`} and pass it on, or let the cache answer: ${callCode(model, operation, { ...first.call.args, cacheStrategy: { ttl: 60 } })}`,
        ...(from === null ? {} : { from }),
      },
    ]
  })
}

function canonicalOf({ args }: Call): string {
  try {
    return canonicalize(args)
  } catch {
    // Arguments in a circle are Prisma's to refuse.
    return String(Math.random())
  }
}

/** A list of many rows that nothing bounds. */
export function unlimitedList(trace: OperationTrace, siteOf: SiteOf): Finding | null {
  const { call, rowsReturned } = trace
  if (call.operation !== 'findMany' || rowsReturned < LONG_LIST) return null
  if (call.args['take'] !== undefined || call.notes.bound !== undefined) return null
  const { model, operation, args } = call
  return {
    kind: 'unlimited-list',
    model,
    operation,
    count: 1,
    callSite: siteOf(trace),
    title: `list without a limit: ${nameOf(model, operation)} returned ${rowsReturned} rows`,
    mend: `take: ${callCode(model, operation, { ...args, take: 50 })}, or pages: ${callCode(model, 'cursorPage', { ...args, first: 50 })}`,
  }
}

/** A call that failed, by the code of Prisma or of the database; its message may quote values. */
export function failedCall(trace: OperationTrace, siteOf: SiteOf): Finding | null {
  const { call, error, failed, statements } = trace
  if (!failed) return null
  const { name, code, driverCode } = errorRecordOf(error, statements)
  const { model, operation } = call
  const codes = [code, driverCode].filter((each) => each !== undefined)
  const said = codes.length === 0 ? name : codes.join(', ')
  return {
    kind: 'failed-call',
    model,
    operation,
    count: 1,
    callSite: siteOf(trace),
    title: `failed: ${nameOf(model, operation)} with ${said}`,
    mend: `handle: ${meaningOf(codes) ?? 'the application has the message of the error; catch it there, or correct what the call asks for'}`,
  }
}

/** Whether a call read so many rows beyond those at the top of its result that it is asked what became of them. */
export function readsMany({ rowsRead, rowsReturned, call }: OperationTrace): boolean {
  return call.model !== null && rowsRead >= LONG_LIST && rowsRead > rowsReturned
}

/** Rows that the database sent and Prisma left out of the result: it tells rows apart, and counts them for each parent, in memory. */
export function thrownAway(trace: OperationTrace, siteOf: SiteOf): Finding | null {
  const { call, rowsRead, rowsWithin, failed } = trace
  // A statement that answered several calls has read for all of them.
  if (rowsWithin === null || failed || trace.sharedBy > 0 || (call.notes.batch?.calls ?? 1) > 1) return null
  if (rowsRead < THROWN_AWAY * Math.max(1, rowsWithin)) return null
  const { model, operation, args } = call
  const { distinct } = args
  const fields = Array.isArray(distinct) ? distinct : [distinct]
  const mend =
    distinct === undefined
      ? 'select: read the rows of the relation by a call of its own with take, or fewer of them by where; take in an include is counted in memory'
      : `groupBy: ${accessor(model)}.groupBy({ by: [${fields.map((each) => `'${String(each)}'`).join(', ')}] }) lets the database tell rows apart; distinct does so in memory`
  return {
    kind: 'thrown-away',
    model,
    operation,
    count: 1,
    callSite: siteOf(trace),
    title: `rows read and thrown away: ${nameOf(model, operation)} read ${rowsRead} rows and returned ${rowsWithin}`,
    mend,
  }
}

/** A plan that reads the whole table to compare columns which no index begins with. */
export function sequentialScan(
  trace: OperationTrace,
  plan: unknown,
  host: Host,
  siteOf: SiteOf,
): Finding | null {
  const { call } = trace
  const model = host.schema()?.models.get(call.model ?? '')
  if (model === undefined || !scans(plan, model.table)) return null
  const keys = unindexedKeys(call.args['where'], model)
  if (keys.length === 0) return null
  return {
    kind: 'sequential-scan',
    model: model.name,
    operation: call.operation,
    count: 1,
    callSite: siteOf(trace),
    title: `reads all of ${model.table} to find rows by ${keys.join(', ')}`,
    mend: `index: add @@index([${keys.join(', ')}]) to model ${model.name}, then npx prisma migrate dev; brisk advise proves it and writes the migration`,
  }
}

/** Whether PostgreSQL (`Seq Scan`), MySQL (`ALL`) or SQLite (`SCAN`) goes through a whole table. */
function scans(plan: unknown, table: string): boolean {
  if (typeof plan === 'string') {
    const [word, name, ...rest] = plan.split(' ')
    return word === 'SCAN' && name === table && !rest.includes('INDEX')
  }
  if (Array.isArray(plan)) return plan.some((each) => scans(each, table))
  if (typeof plan !== 'object' || plan === null) return false
  const node = plan as Readonly<Record<string, unknown>>
  if (/^(Parallel )?Seq Scan$/.test(String(node['Node Type'])) && node['Relation Name'] === table) return true
  // MySQL and MariaDB name the table by its alias there, which Prisma makes of the table's name or `t0`.
  if (node['access_type'] === 'ALL') return true
  return Object.values(node).some((each) => typeof each === 'object' && scans(each, table))
}

/** The fields that `where` compares for equality, where no index of the model begins with one of them; else none. */
export function unindexedKeys(where: unknown, model: Model): string[] {
  const keys = equalityKeys(where).filter((name) => model.fields.get(name)?.kind !== 'relation')
  return leadingFields(model).some((name) => keys.includes(name)) ? [] : keys
}

function leadingFields({ id, uniques, indexes }: Model): readonly string[] {
  return [
    ...[id, ...uniques].flatMap((key) => (key === null ? [] : key.fields.slice(0, 1))),
    ...indexes.flatMap(({ fields, predicate }) =>
      predicate === null ? fields.slice(0, 1).map(({ name }) => name) : [],
    ),
  ]
}

function nameOf(model: string | null, operation: string): string {
  return model === null ? operation : `${model}.${operation}`
}
