import type { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'

/** What others write to PostgreSQL, that every source has to tell. */
export const WRITES_ELSEWHERE: Record<string, string> = {
  INSERT: `INSERT INTO "User" (email, name) VALUES ('new@example.org', 'New')`,
  'INSERT … SELECT of more rows than are told': `INSERT INTO "User" (email, name) SELECT 'many' || i, 'Many' FROM generate_series(1, 500) i`,
  'INSERT … ON CONFLICT DO UPDATE': `INSERT INTO "User" (email, name) VALUES ('user1@example.org', 'New') ON CONFLICT (email) DO UPDATE SET name = 'Updated'`,
  UPDATE: `UPDATE "User" SET name = 'Updated' WHERE id < 4`,
  'a WITH that writes': `WITH gone AS (DELETE FROM "User" WHERE id = 3 RETURNING id) SELECT * FROM gone`,
  MERGE: `MERGE INTO "User" u USING (SELECT 1 AS id) s ON u.id = s.id WHEN MATCHED THEN UPDATE SET name = 'Merged'`,
  TRUNCATE: 'TRUNCATE "User" CASCADE',
  'a function': `DO $$ BEGIN UPDATE "User" SET name = 'Done' WHERE id = 1; END $$`,
  'a value longer than a notification': `UPDATE "User" SET email = repeat('x', 2000) WHERE id = 1`,
  'values longer than a notification': `UPDATE "User" SET email = repeat('x', 1000) || id`,
}

/** Writes of the client itself, whose transactions are known by their numbers. */
export const OWN_WRITES: Record<string, (client: PrismaClient, turn: number) => Promise<unknown>> = {
  update: (client, turn) => client.user.update({ where: { id: 1 }, data: { name: `Name ${turn}` } }),
  'an update of a key': (client, turn) =>
    client.user.update({ where: { id: 1 }, data: { email: `own${turn}@example.org` } }),
  create: (client, turn) => client.user.create({ data: { email: `new${turn}`, name: 'New' } }),
  'nested writes': (client, turn) =>
    client.user.create({
      data: { email: `author${turn}`, name: 'A', conversations: { create: { title: 'Talk' } } },
    }),
  upsert: (client, turn) =>
    client.user.upsert({
      where: { email: 'user1@example.org' },
      create: { email: 'user1@example.org', name: 'New' },
      update: { name: `Name ${turn}` },
    }),
  'an interactive transaction': (client, turn) =>
    client.$transaction(async (tx) => {
      await tx.user.update({ where: { id: 1 }, data: { name: `Name ${turn}` } })
      await tx.tag.create({ data: { name: `new ${turn}` } })
    }),
  'an array of calls': (client, turn) =>
    client.$transaction([
      client.user.update({ where: { id: 1 }, data: { name: `Name ${turn}` } }),
      client.tag.create({ data: { name: `new ${turn}` } }),
    ]),
}
