import type { Call } from '@prisma-brisk/core'
import { Prisma, type PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { forSeeds, type Random } from '../../support/random.ts'
import type { StatementLog } from '../../support/statements.ts'
import { print } from '../batching/support/oracle.ts'
import { mountProbe } from './support/probe.ts'
import { randomAsk, start, type Ask, type Client } from './support/random-asks.ts'

// The same calls on a client whose methods reach the pipeline by Prisma's own way, and on one whose methods enter it
// themselves: answers, errors, what the pipeline saw, and the statements, in their order.

/** More (`BRISK_SEEDS`) run through the night. */
const SEEDS = 400
const BUDGET = { seconds: 10, atLeast: 20 }

/** One of the two clients, on a database of its own. */
class Side {
  readonly client: Client
  readonly seen: string[] = []
  readonly log: StatementLog
  /** How many calls went through Prisma's request. */
  requests = 0

  constructor(
    readonly database: TestDatabase<PrismaClient>,
    isDirect: boolean,
    options: object,
  ) {
    // On one connection, the order of statements is the order in which they were sent.
    const { client, log } = database.createRecordedClient({
      ...options,
      adapter: database.adapter({ connections: 1 }),
    })
    this.log = log
    const mount = () =>
      mountProbe(client, () => (call, next) => {
        this.seen.push(describeCall(call))
        return next(call)
      }) as Client
    this.client = isDirect ? mount() : withoutDirectCalls(client, mount)
    const own = this.client as unknown as { _request(params: unknown): unknown }
    const request = own._request
    const count = () => this.requests++
    own._request = function counted(params) {
      count()
      return request.call(this, params)
    }
  }

  begin(): void {
    this.seen.length = 0
    this.log.clear()
  }
}

/** The rows that every seed begins with, in new files: rows without an order come as they lie. */
const FIXTURE = `
TRUNCATE "User", "Tag" CASCADE;
SELECT setval('"User_id_seq"', 4), setval('"Profile_id_seq"', 4), setval('"Message_id_seq"', 4),
  setval('"Tag_id_seq"', 4), setval('study_session_id_seq', 4);
CREATE TEMP TABLE names AS SELECT * FROM (VALUES (1, 'ada'), (2, 'bob'), (3, 'cyd'), (4, 'dan')) AS n (id, name);
INSERT INTO "User" (id, name, email, balance) SELECT id, name, name || '@example.org', 2.5 FROM names;
INSERT INTO "Profile" (id, "userId", "displayName", preferences, avatar, "updatedAt")
  SELECT id, id, name, '{"a": [1, null]}', name::bytea, '2025-01-01' FROM names;
INSERT INTO "Conversation" (id, title, "userId") SELECT name || '-talk', name || '''s', id FROM names;
INSERT INTO "Message" (id, "conversationId", role, body, tokens)
  SELECT id, name || '-talk', 'USER', 'hello', 3 FROM names;
INSERT INTO "Tag" (id, name) SELECT id, name || '''s tag' FROM names;
INSERT INTO "_ConversationToTag" SELECT name || '-talk', id FROM names;
INSERT INTO study_session (id, user_id, subject, minutes, events, started_at)
  SELECT id, id, 'math', 3, 9007199254740993, '2025-01-01' FROM names;
DROP TABLE names;
`

/** A Prisma that does not say whether it records spans gets no direct calls. */
function withoutDirectCalls(client: object, mount: () => Client): Client {
  const base = client as { _tracingHelper: object }
  const helper = base._tracingHelper
  base._tracingHelper = {}
  const mounted = mount()
  base._tracingHelper = helper
  return mounted
}

function describeCall(call: Call): string {
  return `${call.model}.${call.operation}(${print(call.args)}) ${call.dataPath.join('.')} ${call.transaction.kind} ${call.callSite()}`
}

// ── what is asked ───────────────────────────────────────────────────────────────────────────────────

type Step = (client: Client) => Promise<string>

async function outcome(run: () => unknown): Promise<string> {
  try {
    return print(await run())
  } catch (error) {
    const { name, message, code, meta, clientVersion, batchRequestIdx } =
      error as Prisma.PrismaClientKnownRequestError
    return [name, code, print(meta), clientVersion, batchRequestIdx, message].join(' ')
  }
}

function raw(client: Client, kind: number): Promise<unknown> {
  if (kind === 0) return client.$queryRaw`SELECT count(*)::int AS n FROM "User"`
  if (kind === 1) return client.$executeRaw`UPDATE "Message" SET tokens = tokens + 1`
  return client.$executeRawUnsafe(`UPDATE "User" SET name = name || 'x' WHERE id = $1`, 1)
}

function randomStep(random: Random, depth = 0): Step {
  const asks = random.list(1, 4, () => randomAsk(random))
  const [ask] = asks as [Ask]
  const raws = asks.map(() => (random.chance(0.25) ? random.int(0, 2) : null))
  const begin = (client: Client, index: number) =>
    raws[index] == null ? start(client, asks[index]!) : raw(client, raws[index])
  const isolationLevel = random.pick([undefined, 'Serializable', 'ReadCommitted', 'nothing']) as undefined
  const fails = random.chance(0.3)
  const inner = depth < 2 ? random.list(1, 3, () => randomStep(random, depth + 1)) : []
  return random.pick<Step>([
    (client) => outcome(() => start(client, ask)),
    (client) => outcome(() => start(client, ask)),
    async (client) =>
      (await Promise.all(asks.map((_, index) => outcome(() => begin(client, index))))).join('\n'),
    async (client) =>
      (await Promise.all(asks.map((_, index) => outcome(() => begin(client, index))))).join('\n'),
    // The same promise alone, twice, and in a transaction.
    async (client) => {
      const results: string[] = []
      let promise: Promise<unknown> | undefined
      results.push(await outcome(() => (promise = start(client, ask))))
      if (promise === undefined) return results.join('\n')
      results.push(await outcome(() => promise))
      // In a transaction, that would wait for a connection of its own.
      if (depth === 0) results.push(await outcome(() => client.$transaction([promise] as never)))
      results.push(
        await outcome(() => promise!.finally(() => undefined)),
        JSON.stringify(Object.keys(promise)),
      )
      return results.join('\n')
    },
    ...(depth > 0
      ? []
      : [
          (client: Client) =>
            outcome(() =>
              client.$transaction(asks.map((_, index) => begin(client, index)) as never, { isolationLevel }),
            ),
        ]),
    ...(inner.length === 0
      ? []
      : [
          async (client: Client) => {
            const results: string[] = []
            const end = await outcome(() =>
              client.$transaction(
                async (tx) => {
                  for (const step of inner) results.push(await step(tx as Client))
                  if (fails) throw new RangeError('back')
                  return 'done'
                },
                { timeout: 20_000, maxWait: 20_000 },
              ),
            )
            return [...results, end].join('\n')
          },
        ]),
  ])
}

/** Without what differs from run to run. */
function normal(text: string): string {
  const names = new Map<string, string>()
  return (
    text
      // A panic of Prisma's compiler gives a link with what was logged last.
      .replaceAll(/https:\/\/github\.com\S+/g, 'link')
      .replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, (id) => {
        if (!names.has(id)) names.set(id, `uuid ${names.size}`)
        return names.get(id)!
      })
      .replaceAll(/20(?!25-01)\d\d-\d\d-\d\dT[\d:.]+Z/g, 'now')
  )
}

test('any calls answer, fail and are sent by the short way as by Prisma’s', async () => {
  const databases = await Promise.all([createDatabase('postgresql'), createDatabase('postgresql')])
  const connections = await Promise.all(databases.map((each) => each.adapter({ connections: 1 }).connect()))
  try {
    const pairs = [
      { errorFormat: 'minimal' },
      {},
      { errorFormat: 'pretty', omit: { user: { email: true } } },
    ].map((options): [Side, Side] => [
      new Side(databases[0], false, options),
      new Side(databases[1], true, options),
    ])
    await forSeeds(
      SEEDS,
      async (random) => {
        const [theirs, ours] = random.pick(pairs)
        await Promise.all(connections.map((each) => each.executeScript(FIXTURE)))
        for (const side of [theirs, ours]) side.begin()
        const steps = random.list(3, 12, () => randomStep(random))
        for (const [index, step] of steps.entries()) {
          const [expected, given] = [await step(theirs.client), await step(ours.client)]
          try {
            expect(normal(given)).toBe(normal(expected))
            expect(normal(ours.seen.sort().join('\n'))).toBe(normal(theirs.seen.sort().join('\n')))
            expect(sqlOf(ours)).toEqual(sqlOf(theirs))
          } catch (error) {
            throw Object.assign(error as Error, { message: `step ${index}\n${(error as Error).message}` })
          }
          for (const side of [theirs, ours]) {
            side.seen.length = 0
            side.log.clear()
          }
        }
      },
      BUDGET,
    )
    const [theirs, ours] = [0, 1].map((side) => pairs.reduce((sum, pair) => sum + pair[side]!.requests, 0))
    expect(ours).toBeLessThan(theirs!)
  } finally {
    await Promise.all(connections.map((each) => each.dispose()))
    await Promise.all(databases.map((each) => each.drop()))
  }
}, 7_200_000)

const sqlOf = ({ log }: Side): string[] => log.statements.map(({ sql }) => sql)
