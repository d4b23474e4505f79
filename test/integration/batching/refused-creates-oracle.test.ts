import { batching } from '@prisma-brisk/batching'
import { createDatabase, type Provider } from '../../support/databases.ts'
import { forSeeds, type Random } from '../../support/random.ts'
import { print } from './support/oracle.ts'

const SEEDS = 100
const BUDGET = { seconds: 4, atLeast: 10 }

/** Runs SQL on a database. */
type Run = (sql: string) => Promise<unknown>

/** What a table does to some of its rows: those of amount 3, and, where it says so, those of amount 2. */
interface Hazard {
  readonly name: string
  readonly provider: Provider
  /** Runs on each of the two databases. */
  set(run: Run, query: (sql: string) => Promise<readonly { name: string }[]>): Promise<void>
}

const sql =
  (...statements: string[]): Hazard['set'] =>
  async (run) => {
    for (const statement of statements) await run(statement)
  }

const postgresTrigger = (body: string): Hazard['set'] =>
  sql(
    `CREATE FUNCTION hazard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NEW; END $$`,
    'CREATE TRIGGER hazard BEFORE INSERT ON "Made" FOR EACH ROW EXECUTE FUNCTION hazard()',
  )

const sqliteTrigger = (action: string): Hazard['set'] =>
  sql(`CREATE TRIGGER hazard BEFORE INSERT ON "Made" WHEN NEW.amount = 3 BEGIN SELECT RAISE(${action}); END`)

const signal =
  "CREATE TRIGGER hazard BEFORE INSERT ON `Made` FOR EACH ROW IF NEW.amount = 3 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF"

/** An engine without transactions, which has no foreign keys either. */
const engine =
  (name: string): Hazard['set'] =>
  async (run, query) => {
    const keys = await query(
      "SELECT CONSTRAINT_NAME AS name FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'Made' AND CONSTRAINT_TYPE = 'FOREIGN KEY'",
    )
    for (const key of keys) await run(`ALTER TABLE \`Made\` DROP FOREIGN KEY \`${key.name}\``)
    await run(`ALTER TABLE \`Made\` ENGINE = ${name}`)
    await run(signal)
  }

const hazards: readonly Hazard[] = [
  {
    name: 'KB2 a trigger that skips rows',
    provider: 'postgresql',
    set: postgresTrigger('IF NEW.amount = 3 THEN RETURN NULL; END IF;'),
  },
  {
    name: 'KB2 a trigger that skips rows and changes others',
    provider: 'postgresql',
    set: postgresTrigger(
      'IF NEW.amount = 3 THEN RETURN NULL; END IF; IF NEW.amount = 2 THEN NEW.amount := 20; END IF;',
    ),
  },
  {
    name: 'a trigger that raises',
    provider: 'postgresql',
    set: postgresTrigger("IF NEW.amount = 3 THEN RAISE EXCEPTION 'no'; END IF;"),
  },
  {
    name: 'KB11 a statement that is cancelled (57014)',
    provider: 'postgresql',
    set: postgresTrigger('IF NEW.amount = 3 THEN RAISE query_canceled; END IF;'),
  },
  {
    name: 'KB10 a check',
    provider: 'postgresql',
    set: sql('ALTER TABLE "Made" ADD CHECK (amount <> 3)'),
  },
  { name: 'KB2 RAISE(IGNORE)', provider: 'sqlite', set: sqliteTrigger('IGNORE') },
  { name: 'KB3 RAISE(FAIL)', provider: 'sqlite', set: sqliteTrigger("FAIL, 'no'") },
  { name: 'RAISE(ABORT)', provider: 'sqlite', set: sqliteTrigger("ABORT, 'no'") },
  { name: 'RAISE(ROLLBACK)', provider: 'sqlite', set: sqliteTrigger("ROLLBACK, 'no'") },
  {
    name: 'KB10 a check',
    provider: 'sqlite',
    set: async (run, query) => {
      const [table] = await query(
        "SELECT sql AS name FROM sqlite_master WHERE name = 'Made' AND type = 'table'",
      )
      const indexes = await query(
        "SELECT sql AS name FROM sqlite_master WHERE tbl_name = 'Made' AND type = 'index' AND sql IS NOT NULL",
      )
      await run('PRAGMA foreign_keys = OFF')
      await run('DROP TABLE "Made"')
      await run(table!.name.replace(/\)\s*$/, ', CHECK (amount <> 3))'))
      for (const index of indexes) await run(index.name)
      await run('PRAGMA foreign_keys = ON')
    },
  },
  { name: 'a trigger that raises', provider: 'mysql', set: sql(signal) },
  { name: 'KB10 a check', provider: 'mysql', set: sql('ALTER TABLE `Made` ADD CHECK (amount <> 3)') },
  { name: 'KB4 MyISAM', provider: 'mysql', set: engine('MyISAM') },
  { name: 'KB4 Aria', provider: 'mysql', set: engine('Aria') },
]

/** Plain Prisma, one call at a time, on one database; the same calls at once on another. */
test.each(hazards)(
  '$name on $provider: each create answers and stores as it does alone',
  async ({ provider, set }) => {
    const databases = await Promise.all(
      [1, 2].map(() => createDatabase(provider as 'postgresql', { schema: 'key-types' })),
    )
    try {
      const [plain, base] = databases.map((database) =>
        database.createClient({ errorFormat: 'minimal', adapter: database.adapter({ connections: 4 }) }),
      )
      for (const client of [plain!, base!])
        await set(
          (statement) => client.$executeRawUnsafe(statement),
          (statement) => client.$queryRawUnsafe(statement),
        )
      const batched = base!.$extends(batching({ writes: { create: true } }))
      let row = 0
      let answered = 0
      await forSeeds(
        SEEDS,
        async (random) => {
          const calls = randomCreates(random, () => ++row)
          const expected: string[] = []
          for (const data of calls) expected.push(await outcomeOf(plain!, data))
          const given = await Promise.all(calls.map((data) => outcomeOf(batched, data)))
          const isToldApart = (outcome: string) => !outcome.includes('E_ROWS_NOT_TOLD_APART')
          answered += given.filter(isToldApart).length
          // Whose row it is may be unknown; nobody is given the row of another.
          const sorted = (outcomes: readonly string[]) =>
            calls
              .map((data, index) => `${print(data)} → ${isToldApart(given[index]!) ? outcomes[index] : '?'}`)
              .sort()
          expect(sorted(given)).toEqual(sorted(expected))
        },
        BUDGET,
      )
      expect(answered).toBeGreaterThan(0)
      const [expected, stored] = await Promise.all(
        [plain!, base!].map(async (client) => (await client.made.findMany()).map(printed).sort()),
      )
      expect(stored).toEqual(expected)
    } finally {
      await Promise.all(databases.map((database) => database.drop()))
    }
  },
  600_000,
)

type Data = Record<string, unknown>

/** Rows of one shape, alike in some columns or in all, among them some that the table does not take. */
function randomCreates(random: Random, next: () => number): Data[] {
  const times = ['2020-02-29T01:02:03.456Z', '2021-01-01T00:00:00.000Z']
  const shape = random.pick<() => Data>([
    () => ({}),
    () => ({ made: new Date(random.pick(times)) }),
    () => ({ made: random.pick(times) }),
    () => ({ bytes: Buffer.from([random.int(1, 3)]) }),
    () => ({ json: random.pick([{ a: 1, b: [2] }, [1], 'x']) }),
    () => ({ number: next() }),
    () => ({ code: `c${next()}`, level: random.pick(['LOW', 'HIGH']) }),
  ])
  const amounts = random.sample([1, 2, 3, '4.25', 5, 1e3], random.int(1, 5))
  return random.list(2, 9, () => ({ amount: random.pick(amounts), ...shape() }))
}

async function outcomeOf(client: object, data: Data): Promise<string> {
  try {
    return printed(
      await (client as { made: { create(args: unknown): Promise<object | null> } }).made.create({ data }),
    )
  } catch (error) {
    const { name, code } = error as Error & { code?: unknown }
    return `${name} ${print(code)}`
  }
}

/** Without what differs from one database to another. */
function printed(row: object | null): string {
  if (row === null) return 'null'
  const recent = Date.now() - 3_600_000
  const made = (name: string, value: unknown) =>
    name === 'id' || name === 'token' || (value instanceof Date && value.getTime() > recent)
  return print(Object.fromEntries(Object.entries(row).filter(([name, value]) => !made(name, value))))
}
