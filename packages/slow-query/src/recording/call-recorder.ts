import { createHash, randomBytes } from 'node:crypto'
import {
  canonicalize,
  currentScope,
  dialectOf,
  operationTraits,
  redactSql,
  stackHere,
  type Call,
  type Host,
  type RedactedSql,
  type WatchedScope,
} from '@prisma-brisk/core'
import { routeOf } from '../live/http-requests.ts'
import { unindexedKeys } from '../live/request-findings.ts'
import { isKnownName } from '../record/known-name.ts'
import type { RecordedCall } from '../record/recorded-call.ts'
import { isBulk, withoutPage, withoutPosition } from '../trace/call-shape.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { callSignature, shortened } from './call-signature.ts'
import { RecordingFile } from './recording-file.ts'
import { whatRuns, type TestQuestion } from './running-test.ts'

const files = new Map<string, RecordingFile>()

/** The recorder of a client under `brisk record`; null elsewhere. */
export function callRecorder(
  host: Host,
  environment: Readonly<Record<string, string | undefined>>,
): CallRecorder | null {
  const { BRISK_RECORD: directory } = environment
  if (directory === undefined || directory === '') return null
  let file = files.get(directory)
  if (file === undefined) files.set(directory, (file = new RecordingFile(directory)))
  return new CallRecorder(host, file)
}

/** What is known of a call as it begins: what runs then, and the arguments before anybody changes them. */
interface Begun extends TestQuestion {
  readonly scope: WatchedScope | undefined
  readonly args: string
  readonly list: string
}

/** Texts whose redaction is remembered, and forms of calls whose places are. */
const MAX_TEXTS = 2000
const MAX_PLACES = 10_000
/** The place is read of so many calls of one form in one run; where all came from one place, later ones are taken to do so too. */
const PLACES_READ = 8

interface Place {
  readonly site: string | null
  readonly branch: string
}

/** Writes down each call of one client: the test it belongs to, its form, and what it asked of the database. */
export class CallRecorder {
  private readonly begun = new WeakMap<OperationTrace, Begun>()
  private readonly texts = new Map<string, RedactedSql>()
  /** The only place so far, null where there are several, and how often it was read. */
  private readonly places = new Map<string, { only: Place | null; read: number }>()

  constructor(
    private readonly host: Host,
    private readonly file: RecordingFile,
  ) {}

  started(trace: OperationTrace): void {
    const { args } = trace.call
    const page = withoutPage(args)
    this.begun.set(trace, {
      ...whatRuns(),
      scope: currentScope(),
      args: secretOf(args),
      list: secretOf(args['take'] === undefined ? page : withoutPosition(page)),
    })
  }

  settled(trace: OperationTrace): void {
    const begun = this.begun.get(trace)
    if (begun === undefined) return
    // Of raw SQL Prisma records no call site.
    const here = trace.call.model === null ? stackHere() : undefined
    this.file.add(() => this.lineOf(trace, begun, here))
  }

  private lineOf(trace: OperationTrace, begun: Begun, here: Error | undefined): RecordedCall {
    const { call, startedAt, endedAt, rowsReturned, failed } = trace
    const { batch, cache } = call.notes
    const { model, operation, transaction } = call
    const statements = (trace.statements ?? []).map(({ sql }) => {
      const { sql: text, fingerprint } = this.redacted(sql)
      return this.file.text(text, fingerprint)
    })
    const of = this.host.schema()?.models.get(model ?? '')
    const scope = scopeOf(begun)
    const signature = model === null ? this.rawSignature(trace) : callSignature(call)
    const { site, branch } = this.placeOf(call, `${begun.test?.run} ${scope?.number} ${signature}`, here)
    const traits = operationTraits(operation)
    const unindexed = of === undefined ? [] : unindexedKeys(call.args['where'], of)
    return {
      type: 'call',
      test: begun.test,
      scope,
      model,
      operation,
      signature,
      kind: model === null ? 'raw' : traits.isWrite ? 'write' : 'read',
      args: begun.args,
      list: begun.list,
      site,
      ...(branch === '' ? {} : { branch }),
      ...(model !== null && traits.isRead && this.host.carried.has('batching') ? { isMergeable: true } : {}),
      from: wallClock(startedAt),
      to: wallClock(endedAt),
      rows: rowsReturned,
      statements,
      ...(batch === undefined ? {} : { batch: { id: batch.id, calls: batch.calls } }),
      ...(cache === undefined ? {} : { cache }),
      ...(transaction.kind === 'none' ? {} : { transaction: transaction.kind }),
      ...(failed ? { failed } : {}),
      ...(isBulk(call) ? { isBulk: true } : {}),
      ...(isUnbounded(call) ? { isUnbounded: true } : {}),
      ...(unindexed.length === 0 ? {} : { unindexed }),
    }
  }

  /** Reading a place takes 15–25 µs, and ten times as much where a runner maps stacks to sources. */
  private placeOf(call: Call, key: string, here: Error | undefined): Place {
    const { places } = this
    if (places.size >= MAX_PLACES) places.clear()
    let known = places.get(key)
    if (known !== undefined && known.read >= PLACES_READ && known.only !== null) return known.only
    const place = { branch: call.branch(), site: call.callSite(here) }
    if (known === undefined) places.set(key, (known = { only: place, read: 0 }))
    known.read++
    if (known.only?.site !== place.site || known.only.branch !== place.branch) known.only = null
    return place
  }

  /** Of raw SQL the arguments are text and values: the text alone tells it. */
  private rawSignature({ call, statements }: OperationTrace): string {
    const [first] = statements ?? []
    if (first === undefined) return call.operation
    const { sql } = this.redacted(first.sql)
    return `${call.operation} ${shortened(sql.replace(/\s+/g, ' ').trim())}`
  }

  private redacted(sql: string): RedactedSql {
    let known = this.texts.get(sql)
    if (known === undefined) {
      const { host } = this
      if (this.texts.size >= MAX_TEXTS) this.texts.clear()
      known = redactSql(sql, dialectOf(host), { knows: (name) => isKnownName(host, name) })
      this.texts.set(sql, known)
    }
    return known
  }
}

/** The name that a middleware or a job gave counts before the route that Node's server shows. */
function scopeOf({ scope, request }: Begun): RecordedCall['scope'] {
  if (scope !== undefined) return { name: scope.info.name, number: numberOf(scope) }
  if (request === null) return null
  const { message, number } = request
  return { name: `${message.method ?? 'GET'} ${routeOf(message)}`, number: -number }
}

/** Processes begin to count at different moments. */
function wallClock(at: number): number {
  return Math.round((performance.timeOrigin + at) * 1000)
}

const numbers = new WeakMap<object, number>()
let lastNumber = 0

function numberOf(scope: object): number {
  let number = numbers.get(scope)
  if (number === undefined) numbers.set(scope, (number = ++lastNumber))
  return number
}

/** A list that neither `take` nor pagination nor a key in `where` bounds. */
function isUnbounded({ operation, args, notes, host, model }: Call): boolean {
  if (operation !== 'findMany' || args['take'] !== undefined || notes.bound !== undefined) return false
  const of = host.schema()?.models.get(model ?? '')
  const where = args['where']
  if (of === undefined || typeof where !== 'object' || where === null) return true
  return ![of.id, ...of.uniques].some((key) => key?.fields.every((field) => isFixed(field, where)))
}

function isFixed(field: string, where: object): boolean {
  const value = (where as Readonly<Record<string, unknown>>)[field]
  if (typeof value !== 'object') return value !== undefined
  return value === null || value instanceof Date || 'in' in value || 'equals' in value
}

/** Nobody keeps it, so that nobody finds a value by trying. */
let secret: Buffer | undefined

function secretOf(args: unknown): string {
  let text: string
  try {
    text = canonicalize(args)
  } catch {
    // Arguments in a circle are Prisma's to refuse.
    return randomBytes(8).toString('hex')
  }
  return createHash('sha256')
    .update((secret ??= randomBytes(16)))
    .update(text)
    .digest('hex')
    .slice(0, 16)
}
