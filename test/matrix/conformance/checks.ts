import type * as Suite from 'prisma-brisk'
import type { Prisma, PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import type { ClientOptions, Provider } from '../../support/databases.ts'
import { recordStatements, type StatementLog } from '../../support/statements.ts'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'

/** What a runtime hands in: a generated client of the demo's schema, the suite as it was loaded there, and a database. */
export interface Target {
  readonly PrismaClient: new (options: ClientOptions) => PrismaClient
  readonly Prisma: typeof Prisma
  readonly suite: typeof Suite
  readonly provider: Provider
  /** A new adapter of the driver under test, or the same one again. */
  adapter(): SqlDriverAdapterFactory
  /** The codes of the suite's warnings so far. */
  warnings(): readonly string[]
  /** What this runtime and driver cannot do by themselves, with the reason; a check that needs it is off there. */
  readonly without?: Partial<Record<Ability, string>>
}

/** What some checks need of the runtime or the driver, and not of the suite. */
export type Ability =
  'transactions' | 'nested' | 'errorCodes' | 'stacks' | 'slowStatements' | 'warnings' | 'time' | 'clock'

/** What a check works with. */
export interface Given extends Target {
  /** A plain client; disconnected when the check is over. */
  client(options?: ClientOptions): PrismaClient
  /** A plain client and what it sends. */
  watched(options?: ClientOptions): { client: PrismaClient; log: StatementLog }
  /** A plain client that writes what a check finds: the clients of the check are extended before they send anything. */
  readonly caretaker: PrismaClient
}

export interface Check {
  readonly title: string
  readonly run: (given: Given) => Promise<void>
  readonly needs: readonly Ability[]
}

/** Declares the checks of one package: `check(title, fn)`. */
export function checks(
  name: string,
  declare: (check: (title: string, run: Check['run'], ...needs: Ability[]) => void) => void,
): Check[] {
  const all: Check[] = []
  declare((title, run, ...needs) => all.push({ title: `${name}: ${title}`, run, needs }))
  return all
}

/** What became of a check; one line of JSON. */
export interface Verdict {
  readonly check: string
  readonly verdict: 'pass' | 'fail' | 'off'
  /** Why it failed or is off. */
  readonly why?: string
  readonly ms?: number
}

/** Runs checks one after another on empty tables, and says of each how it went. */
export async function conform(
  target: Target,
  all: readonly Check[],
  report: (verdict: Verdict) => void,
): Promise<void> {
  const caretaker = new target.PrismaClient({ adapter: target.adapter() })
  for (const { title, run, needs } of all) {
    const missing = needs.find((need) => target.without?.[need] !== undefined)
    if (missing !== undefined) {
      report({ check: title, verdict: 'off', why: target.without![missing]! })
      continue
    }
    const clients: PrismaClient[] = []
    const client = (options: ClientOptions = {}): PrismaClient => {
      const made = new target.PrismaClient({ ...options, adapter: options.adapter ?? target.adapter() })
      clients.push(made)
      return made
    }
    const given: Given = {
      ...target,
      adapter: () => target.adapter(),
      caretaker,
      client,
      watched: (options = {}) => {
        const log = recordStatements(target.adapter())
        return { client: client({ ...options, adapter: log.adapter }), log }
      },
    }
    try {
      await empty(caretaker)
      const started = performance.now()
      await run(given)
      report({ check: title, verdict: 'pass', ms: Math.round(performance.now() - started) })
    } catch (error) {
      report({ check: title, verdict: 'fail', why: reasonOf(error) })
    } finally {
      for (const each of clients) await each.$disconnect().catch(() => undefined)
    }
  }
  await caretaker.$disconnect()
}

async function empty(client: PrismaClient): Promise<void> {
  await client.user.deleteMany()
  await client.conversation.deleteMany()
  await client.tag.deleteMany()
  await client.exercise.deleteMany()
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const place = error.stack?.split('\n').find((line) => /conformance|matrix/.test(line))
  return `${error.name}: ${error.message}${place === undefined ? '' : ` (${place.trim()})`}`.slice(0, 1500)
}

/** Values as text that tells types apart: as any runtime can compare them. */
export function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null)
    return Object.is(value, -0) ? '-0' : (JSON.stringify(value) ?? 'undefined')
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (value instanceof Date) return `Date(${value.toISOString()})`
  if (ArrayBuffer.isView(value)) return `Bytes(${[...(value as Uint8Array)].join(' ')})`
  if ('d' in value && 'e' in value && 's' in value)
    return `Decimal(${(value as { toString(): string }).toString()})`
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${key}: ${show(each)}`)
    .join(', ')} }`
}

/** @throws Error where the two differ in a value, a type or the order of keys */
export function same(given: unknown, expected: unknown, what = 'answer'): void {
  const [got, wanted] = [show(given), show(expected)]
  if (got === wanted) return
  let start = 0
  while (got[start] === wanted[start]) start++
  const cut = (text: string): string => text.slice(Math.max(0, start - 80), start + 200)
  throw new Error(`${what}: expected ${cut(wanted)}, got ${cut(got)}`)
}

/** @throws Error unless the work fails with this code */
export async function failsWith(code: string, work: () => unknown): Promise<Error & { code: string }> {
  let result: unknown
  try {
    result = await work()
  } catch (error) {
    if ((error as { code?: unknown }).code === code) return error as Error & { code: string }
    throw new Error(`expected ${code}, got ${String(error)}`, { cause: error })
  }
  throw new Error(`expected ${code}, got ${show(result)}`)
}

/** How a promise ended, as data. */
export async function outcome(work: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    return { value: await work() }
  } catch (error) {
    const { name, code, meta, message } = error as Error & { code?: unknown; meta?: unknown }
    return { name, code, meta, last: message.split('\n').at(-1) }
  }
}

/** Users as most checks want them; answers their ids in the order of names. */
export async function people({ caretaker: client }: Given, ...names: string[]): Promise<number[]> {
  await client.user.createMany({ data: names.map((name) => ({ name, email: `${name}@example.org` })) })
  const rows = await client.user.findMany({
    where: { name: { in: names } },
    select: { id: true, name: true },
  })
  return names.map((name) => rows.find((row) => row.name === name)!.id)
}

/** A conversation of so many messages, `m0` first. */
export async function conversation(
  { caretaker: client }: Given,
  id: string,
  userId: number,
  messages: number,
): Promise<void> {
  await client.conversation.create({ data: { id, title: id, userId } })
  await client.message.createMany({
    data: Array.from({ length: messages }, (_, index) => ({
      conversationId: id,
      authorId: userId,
      role: index % 2 === 0 ? ('USER' as const) : ('ASSISTANT' as const),
      body: `m${index}`,
      tokens: index % 3 === 0 ? null : index,
      createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, index)),
    })),
  })
}
