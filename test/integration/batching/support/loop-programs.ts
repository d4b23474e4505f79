import type { Random } from '../../../support/random.ts'
import { print } from './oracle.ts'

/**
 * Programs of loops as applications write them: a list is read, and for each of its rows something else. A program is data, made
 * once and run on plain Prisma and on a client that mends loops; what it has been told, in order, must be the same.
 */
export interface Program {
  readonly steps: readonly Step[]
  /** In an interactive transaction of this level. */
  readonly transaction: { readonly isolationLevel?: string } | null
}

type Args = Record<string, unknown>
type Row = Record<string, unknown>

/** One loop, or several that take turns. */
export interface Step {
  readonly list: ListRead
  readonly order: 'given' | 'reverse' | 'shuffled' | 'filtered' | 'doubled'
  readonly seed: number
  readonly source: 'for' | 'generator' | 'recursion'
  readonly bodies: readonly Body[]
  /** How many of such loops run at a time. */
  readonly atOnce: number
  /** Rows after which it has found what it looked for. */
  readonly stop: number
  readonly write: { readonly at: number; readonly write: Write } | null
}

export interface ListRead {
  readonly model: string
  readonly args: Args
  /** A list within each row, whose rows the loop goes through. */
  readonly within?: string
  /** The rows as SQL gives them. */
  readonly sql?: string
  /** A row with a list, in place of a list. */
  readonly isOne?: boolean
}

export interface Body {
  readonly model: string
  readonly operation: string
  /** The arguments for a row; null for a row that is passed over. */
  readonly args: (row: Row) => Args | null
  /** A loop within the loop, through what the read has found. */
  readonly inner?: Body
  /** Whether the code catches what the read throws. */
  readonly isTried?: boolean
}

export interface Write {
  readonly by: 'own' | 'base' | 'raw' | 'transaction' | 'undone'
  readonly model: string
  readonly operation: string
  readonly args: (row: Row) => Args
  readonly sql: (row: Row) => { readonly text: string; readonly values: readonly unknown[] }
}

type Client = Record<string, Record<string, (args: unknown) => Promise<unknown>>> & {
  $queryRawUnsafe(sql: string, ...values: unknown[]): Promise<unknown>
  $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<unknown>
  $transaction<T>(run: (tx: Client) => Promise<T>, options?: object): Promise<T>
}

/** Whom a program is run on: the client, and another one on the same driver adapter. */
export interface Clients {
  readonly client: object
  readonly base: object
  /** Makes a call, from a place of its own. */
  readonly ask: Ask
}

export type Ask = (model: object, operation: string, args: unknown) => Promise<unknown>

/** What is learnt of loops goes by their place in the code: each program has one. */
export const askFrom = (place: string): Ask =>
  // oxlint-disable-next-line no-implied-eval, no-new-func -- the place is what it is about
  new Function(
    'model',
    'operation',
    'args',
    `return model[operation](args)\n//# sourceURL=/programs/${place}.ts`,
  ) as Ask

/** Runs a program, and gives what it was told. */
export async function run(
  program: Program,
  { client, base, ask }: Clients,
  random: (seed: number) => Random,
): Promise<string[]> {
  const told: string[] = []
  const { transaction, steps } = program
  const all = async (on: Client, other: Client): Promise<void> => {
    for (const step of steps) {
      const loops = Array.from({ length: step.atOnce }, async (_, index) => {
        const own: string[] = []
        await loop(step, { client: on, base: other, ask, told: own }, random(step.seed + index))
        return own
      })
      for (const own of await Promise.all(loops)) told.push(...own)
    }
  }
  try {
    if (transaction === null) await all(client as Client, base as Client)
    else
      await (client as Client).$transaction((tx) => all(tx, tx), {
        ...transaction,
        timeout: 60_000,
        maxWait: 60_000,
      })
  } catch (error) {
    told.push(`program ${printError(error)}`)
  }
  return told
}

interface Course {
  readonly client: Client
  readonly base: Client
  readonly ask: Ask
  readonly told: string[]
}

async function loop(step: Step, course: Course, random: Random): Promise<void> {
  const rows = await rowsOf(step, course.client, random)
  let place = 0
  const each = async (row: Row): Promise<boolean> => {
    if (step.write?.at === place) await write(step.write.write, row, course)
    for (const body of step.bodies) await read(body, row, course)
    return ++place < step.stop
  }
  if (step.source === 'recursion') {
    const next = async (index: number): Promise<void> => {
      const row = rows[index]
      if (row !== undefined && (await each(row))) await next(index + 1)
    }
    await next(0)
  } else if (step.source === 'generator') {
    for await (const row of yielded(rows)) if (!(await each(row))) break
  } else for (const row of rows) if (!(await each(row))) break
}

async function* yielded(rows: readonly Row[]): AsyncGenerator<Row> {
  for (const row of rows) yield row
}

async function rowsOf({ list, order }: Step, client: Client, random: Random): Promise<Row[]> {
  const { model, args, within, sql, isOne } = list
  const found =
    sql === undefined
      ? await client[model]![isOne === true ? 'findFirst' : 'findMany']!(args)
      : await client.$queryRawUnsafe(sql)
  const answer = (isOne === true ? (found === null ? [] : [found]) : found) as Row[]
  const rows = within === undefined ? answer : answer.flatMap((row) => row[within] as Row[])
  if (order === 'reverse') return [...rows].reverse()
  if (order === 'shuffled') return random.shuffle(rows)
  if (order === 'filtered') return rows.filter(() => random.chance(0.6))
  return order === 'doubled' ? rows.flatMap((row) => (random.chance(0.4) ? [row, row] : [row])) : rows
}

async function read(body: Body, row: Row, course: Course): Promise<void> {
  const { client, ask, told } = course
  const args = body.args(row)
  if (args === null) return
  let answer: unknown
  try {
    answer = await ask(client[body.model]!, body.operation, args)
  } catch (error) {
    told.push(printError(error))
    if (body.isTried === true) return
    throw error
  }
  told.push(print(answer))
  if (body.inner !== undefined) for (const inner of answer as Row[]) await read(body.inner, inner, course)
  // What a caller does with its answer is nobody else's.
  spoil(answer)
}

async function write(
  { by, model, operation, args, sql }: Write,
  row: Row,
  { client, base, told }: Course,
): Promise<void> {
  const { text, values } = sql(row)
  const change = (on: Client) => on[model]![operation]!(args(row))
  try {
    if (by === 'own') await change(client)
    else if (by === 'base') await change(base)
    else if (by === 'raw') await client.$executeRawUnsafe(text, ...values)
    else if ('$transaction' in client)
      await client.$transaction(async (tx) => {
        await change(tx)
        await tx.$executeRawUnsafe(text, ...values)
        if (by === 'undone') throw new Error('undone')
      })
    else await change(client)
    told.push('written')
  } catch (error) {
    told.push(printError(error))
  }
}

function spoil(value: unknown): void {
  if (Array.isArray(value)) value.splice(0).forEach(spoil)
  else if (value instanceof Date) value.setTime(0)
  else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    for (const name of Object.keys(value)) {
      spoil((value as Row)[name])
      delete (value as Row)[name]
    }
}

function printError(error: unknown): string {
  const { name, code, message } = error as Error & { code?: unknown }
  return `${name} ${print(code)} ${message.replace(/`?brisk_test_\w+`?/g, 'database')}`
}
