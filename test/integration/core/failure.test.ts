import { judgeFailure, type FailureOutcome } from '@prisma-brisk/core'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/**
 * The judge of failures against real ones: each way to fail writes the row `ok` and then something that fails. Whatever
 * the judge does not call `open` must have left nothing behind.
 */
interface Way {
  readonly outcome: FailureOutcome
  /** Statements that prepare the failure. */
  readonly given?: readonly string[]
  /** The statement that fails, or the operation. */
  readonly fails: string | ((prisma: PrismaClient) => Promise<unknown>)
  /** Whether the row `ok` is there all the same. */
  readonly isStored?: boolean
}

const trigger = {
  postgresql: (body: string) => [
    `CREATE OR REPLACE FUNCTION probe_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NEW; END $$`,
    `CREATE TRIGGER probe_trigger BEFORE INSERT ON probe FOR EACH ROW WHEN (NEW.note = 'bad') EXECUTE FUNCTION probe_trigger()`,
  ],
  mysql: (body: string) => [
    `CREATE TRIGGER probe_trigger BEFORE INSERT ON probe FOR EACH ROW IF NEW.note = 'bad' THEN ${body} END IF`,
  ],
  sqlite: (body: string) => [
    `CREATE TRIGGER probe_trigger BEFORE INSERT ON probe WHEN NEW.note = 'bad' BEGIN ${body} END`,
  ],
}

const TWO_ROWS = "INSERT INTO probe (id, note) VALUES (1, 'ok'), (2, 'bad')"
const ANYWHERE: Record<string, Way> = {
  'a unique constraint': {
    outcome: 'refused',
    fails: "INSERT INTO probe (id, note) VALUES (1, 'ok'), (1, 'x')",
  },
  'a column that must not be null': {
    outcome: 'refused',
    fails: "INSERT INTO probe (id, note) VALUES (1, 'ok'), (2, NULL)",
  },
  'a CHECK': { outcome: 'refused', fails: "INSERT INTO probe (id, note) VALUES (1, 'ok'), (2, 'never')" },
  'a table that is not there': { outcome: 'refused', fails: "INSERT INTO nowhere VALUES (1, 'ok')" },
  'a syntax error': { outcome: 'refused', fails: "INSERT INTO probe (id, note) VALUES (1, 'ok'), , (2)" },
  'arguments that Prisma refuses': {
    outcome: 'unsent',
    fails: (prisma) => prisma.tag.create({ data: { nope: 1 } as never }),
  },
  'a nested write that finds no row': {
    outcome: 'refused',
    fails: (prisma) =>
      prisma.user.create({
        data: { name: 'a', email: 'a@x', students: { connect: { id: 2_000_000_000 } } },
      }),
  },
}

const WAYS: Record<Provider, Record<string, Way>> = {
  postgresql: {
    ...ANYWHERE,
    'a trigger that raises': {
      outcome: 'refused',
      given: trigger.postgresql("RAISE EXCEPTION 'no';"),
      fails: TWO_ROWS,
    },
    'a value out of range': {
      outcome: 'refused',
      fails: "INSERT INTO probe VALUES (1, 'ok'), (3000000000, 'x')",
    },
    'a statement that is cancelled': {
      outcome: 'refused',
      given: trigger.postgresql('PERFORM pg_cancel_backend(pg_backend_pid()); PERFORM pg_sleep(5);'),
      fails: TWO_ROWS,
    },
    'a time limit of the server': {
      outcome: 'refused',
      given: trigger.postgresql('PERFORM pg_sleep(5);'),
      fails: (prisma) =>
        prisma.$transaction(async (tx) => {
          await tx.$executeRawUnsafe("SET LOCAL statement_timeout = '20ms'")
          await tx.$executeRawUnsafe(TWO_ROWS)
        }),
    },
    'a session that an operator ends': {
      outcome: 'open',
      given: trigger.postgresql('PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5);'),
      fails: TWO_ROWS,
    },
    'a serialization failure': {
      outcome: 'undone',
      given: trigger.postgresql("RAISE EXCEPTION 'no' USING ERRCODE = '40001';"),
      fails: TWO_ROWS,
    },
    'a procedure that has committed': {
      outcome: 'refused',
      given: [
        `CREATE OR REPLACE PROCEDURE probe_half() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO probe VALUES (1, 'ok'); COMMIT; RAISE EXCEPTION 'no'; END $$`,
      ],
      fails: 'CALL probe_half()',
      // Said in the documentation of the judge: CALL is no atomic statement.
      isStored: true,
    },
    'a deferred constraint at COMMIT': {
      outcome: 'refused',
      given: [
        `CREATE OR REPLACE FUNCTION probe_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'late'; END $$`,
        `CREATE CONSTRAINT TRIGGER probe_trigger AFTER INSERT ON probe DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION probe_trigger()`,
      ],
      fails: (prisma) =>
        prisma.$transaction([prisma.$executeRawUnsafe("INSERT INTO probe (id, note) VALUES (1, 'ok')")]),
    },
    'an answer that Prisma cannot read': {
      outcome: 'open',
      given: [
        `ALTER TYPE "Role" ADD VALUE IF NOT EXISTS 'UNREADABLE'`,
        `CREATE OR REPLACE FUNCTION probe_role() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.role := 'UNREADABLE'; INSERT INTO probe VALUES (1, 'ok'); RETURN NEW; END $$`,
        `CREATE TRIGGER probe_role BEFORE INSERT ON "User" FOR EACH ROW EXECUTE FUNCTION probe_role()`,
      ],
      fails: (prisma) => prisma.user.create({ data: { name: 'b', email: 'b@x' } }),
      isStored: true,
    },
  },
  mysql: {
    ...ANYWHERE,
    'a trigger that raises': {
      outcome: 'refused',
      given: trigger.mysql("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no';"),
      fails: TWO_ROWS,
    },
    'a value out of range': {
      outcome: 'refused',
      fails: "INSERT INTO probe VALUES (1, 'ok'), (3000000000, 'x')",
    },
    'a time limit of the server': {
      outcome: 'refused',
      given: trigger.mysql('DO SLEEP(5);'),
      fails: `SET STATEMENT max_statement_time = 0.02 FOR ${TWO_ROWS}`,
    },
    'a session that is killed': {
      outcome: 'open',
      fails: (prisma) =>
        prisma.$transaction(async (tx) => {
          await tx.$executeRawUnsafe("INSERT INTO probe (id, note) VALUES (1, 'ok')")
          await tx.$executeRawUnsafe('KILL CONNECTION_ID()')
        }),
    },
    'an engine without rollback': {
      outcome: 'refused',
      given: ['ALTER TABLE probe ENGINE = MyISAM'],
      fails: "INSERT INTO probe (id, note) VALUES (1, 'ok'), (1, 'x')",
      // Said in the documentation of the judge: such a statement is not atomic.
      isStored: true,
    },
  },
  sqlite: {
    ...ANYWHERE,
    'a trigger that aborts': {
      outcome: 'open',
      given: trigger.sqlite("SELECT RAISE(ABORT, 'no');"),
      fails: TWO_ROWS,
    },
    'a trigger that fails, and keeps what was stored': {
      outcome: 'open',
      given: trigger.sqlite("SELECT RAISE(FAIL, 'no');"),
      fails: TWO_ROWS,
      isStored: true,
    },
    'a value of the wrong type in a STRICT table': {
      outcome: 'refused',
      given: ['DROP TABLE probe', 'CREATE TABLE probe (id INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT'],
      fails: "INSERT INTO probe (id, note) VALUES (1, 'ok'), ('two', 'x')",
    },
    'a key of the wrong type': {
      outcome: 'refused',
      fails: "INSERT INTO probe (id, note) VALUES (1, 'ok'), ('two', 'x')",
    },
  },
}

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('the judge of failures on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let prisma: PrismaClient

  beforeEach(async () => {
    database = await createDatabase(provider)
    prisma = database.createClient()
    await prisma.$executeRawUnsafe(
      `CREATE TABLE probe (id INTEGER PRIMARY KEY, note VARCHAR(20) NOT NULL, CHECK (note <> 'never'))`,
    )
  })
  afterEach(() => database.drop())

  test.each(Object.entries(WAYS[provider]))(
    '%s',
    async (_, { outcome, given = [], fails, isStored = false }) => {
      for (const statement of given) await prisma.$executeRawUnsafe(statement)
      const run = typeof fails === 'string' ? () => prisma.$executeRawUnsafe(fails) : () => fails(prisma)
      const error: unknown = await run().then(
        () => null,
        (reason: unknown) => reason,
      )
      expect(error).not.toBeNull()
      expect(judgeFailure(error).outcome).toBe(outcome)
      const rows = await prisma.$queryRawUnsafe<object[]>('SELECT id FROM probe')
      expect(rows).toHaveLength(isStored ? 1 : 0)
    },
  )
})
