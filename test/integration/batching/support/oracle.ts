import type { Random } from '../../../support/random.ts'

/** The oracle: plain Prisma, one call at a time. What a batched client answers to many calls at once must be the same. */

/** One call on a client, as data. */
export interface OracleCall {
  model: string
  operation: string
  args: Record<string, unknown>
  /** Whether the order of a list is determined; else it is compared as a set. */
  isOrdered: boolean
  /** A relation that is read from the call: `user.findUnique(…).conversations(…)`. */
  fluent?: { field: string; args: Record<string, unknown> }
}

type Client = Record<string, Record<string, (args: unknown) => Promise<unknown>>>
type Fluent = Record<string, (args: unknown) => Promise<unknown>>

/** The rows do not change, so that what a call answers alone is found out once. */
export type Answers = Map<string, string>

/** How the calls are made. */
export interface Course {
  readonly random: Random
  /** Whether a failed statement ends a transaction. */
  readonly endsTransactions: boolean
  readonly known: Answers
}

/**
 * Runs the calls on both and fails unless every answer and every error is the same: at once, or a few turns of the event loop
 * apart, so that some wait for the flight of others. Their conditions may be changed once Prisma has read them.
 */
export async function expectSameAnswers(
  plain: object,
  batched: object,
  calls: readonly OracleCall[],
  { random, known }: Course,
): Promise<void> {
  const expected: string[] = []
  for (const call of calls) expected.push(await answerAlone(plain, call, known))
  const isStaggered = random.chance(0.4)
  const isSpoiled = random.chance(0.4)
  const made = calls.map(async (call) => {
    for (let turn = isStaggered ? random.int(0, 3) : 0; turn > 0; turn--) await nextTurn()
    const own = { ...call, args: copyOf(call.args) as OracleCall['args'] }
    const outcome = printedOutcome(batched, own)
    if (isSpoiled) {
      await nextTurn()
      // Of what they aggregate, Prisma itself reads the names once more when it has the answer.
      spoil(own.args['where'])
    }
    return outcome
  })
  compare(calls, expected, await Promise.all(made))
}

/** The same inside one interactive transaction, for calls that do not end it. */
export async function expectSameAnswersInTransaction(
  plain: object,
  batched: object,
  calls: readonly OracleCall[],
  { endsTransactions, known }: Course,
): Promise<void> {
  const fit: OracleCall[] = []
  const expected: string[] = []
  for (const call of calls) {
    const answer = await answerAlone(plain, call, known)
    const hasFailed =
      /^[A-Za-z]*Error /.test(answer) && !/^PrismaClientValidationError| "P2025" /.test(answer)
    if (hasFailed && endsTransactions) continue
    fit.push(call)
    expected.push(answer)
  }
  const given = await (batched as Transactional).$transaction(
    (tx) => Promise.all(fit.map((call) => printedOutcome(tx, call))),
    { timeout: 60_000, maxWait: 60_000 },
  )
  compare(fit, expected, given)
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

function copyOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (value instanceof Date) return new Date(value)
  if (Array.isArray(value)) return value.map(copyOf)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, copyOf(each)]))
}

/** What a caller may do to conditions that have been read: bytes are zeroed, lists emptied, names gone. */
function spoil(value: unknown): void {
  if (value instanceof Uint8Array) value.fill(0)
  else if (value instanceof Date) value.setTime(0)
  else if (Array.isArray(value)) value.splice(0).forEach(spoil)
  else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    for (const [name, each] of Object.entries(value)) {
      spoil(each)
      delete (value as Record<string, unknown>)[name]
    }
  }
}

interface Transactional {
  $transaction<T>(run: (tx: object) => Promise<T>, options: object): Promise<T>
}

function compare(calls: readonly OracleCall[], expected: readonly string[], given: readonly string[]): void {
  for (const [index, call] of calls.entries()) {
    if (given[index] === expected[index]) continue
    throw new Error(
      [
        `${printCall(call)} among ${calls.length} calls`,
        `alone:   ${expected[index]}`,
        `batched: ${given[index]}`,
        ...calls.map((each, at) => `  ${at}. ${printCall(each)}`),
      ].join('\n'),
    )
  }
}

async function answerAlone(plain: object, call: OracleCall, known: Answers): Promise<string> {
  const text = `${printCall(call)} ${call.isOrdered}`
  let answer = known.get(text)
  if (answer === undefined) known.set(text, (answer = await printedOutcome(plain, call)))
  return answer
}

function printCall({ model, operation, args, fluent }: OracleCall): string {
  const step = fluent === undefined ? '' : `.${fluent.field}(${print(fluent.args)})`
  return `${model}.${operation}(${print(args)})${step}`
}

export async function printedOutcome(
  client: object,
  { model, operation, args, isOrdered, fluent }: OracleCall,
): Promise<string> {
  try {
    const call = (client as Client)[model]![operation]!(args)
    const answer = await (fluent === undefined
      ? call
      : (call as unknown as Fluent)[fluent.field]!(fluent.args))
    return isOrdered || !Array.isArray(answer) ? print(answer) : `set ${answer.map(print).sort().join(' ')}`
  } catch (error) {
    const { name, code, meta, message } = error as Error & { code?: unknown; meta?: unknown }
    return `${name} ${print(code)} ${print(meta)} ${message}`
  }
}

/** A value with its types and the order of its keys, so that equal text is deep equality. */
export function print(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`
  if (value instanceof Date) return `Date(${Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString()})`
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength, constructor } = value
    return `${constructor.name}(${Buffer.from(buffer, byteOffset, byteLength).toString('hex')})`
  }
  if ('toFixed' in value) return `Decimal(${(value as { toString(): string }).toString()})`
  const prototype: unknown = Object.getPrototypeOf(value)
  const kind =
    prototype === Object.prototype
      ? ''
      : prototype === null
        ? 'null-prototype '
        : `${value.constructor.name} `
  return `${kind}{${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}: ${print(each)}`)
    .join(', ')}}`
}

/**
 * Gives every second foreign key an index: where there is one, PostgreSQL finds first rows in another way.
 */
export async function indexForeignKeys(client: {
  $queryRawUnsafe<T>(sql: string): PromiseLike<T>
  $executeRawUnsafe(sql: string): PromiseLike<number>
}): Promise<void> {
  const keys = await client.$queryRawUnsafe<{ place: string }[]>(
    `SELECT format('%s (%I)', c.conrelid::regclass, a.attname) AS place FROM pg_constraint c
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] WHERE c.contype = 'f' ORDER BY 1`,
  )
  for (const { place } of keys.filter((_, index) => index % 2 === 0))
    await client.$executeRawUnsafe(`CREATE INDEX ON ${place}`)
}
