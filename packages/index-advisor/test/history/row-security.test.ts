import { PGlite } from '@electric-sql/pglite'
import type { CatalogStatistics } from '../../src/catalog/with-statistics.ts'
import { exportPostgresStatistics } from '../../src/statistics/export-postgres.ts'
import { catalogStatistics } from '../../src/statistics/match-schema.ts'
import type { Row, SqlClient } from '../../src/statistics/sql-client.ts'
import { adviceOn } from '../support/small-project.ts'

/** PostgreSQL adds the conditions of its policies to every query. */

const models = `
model Event {
  id        Int      @id
  tenantId  String
  ownerId   Int
  kind      String
  createdAt DateTime
}`
const on = (
  migrations: string | readonly string[],
  where = '',
  statistics: readonly CatalogStatistics[] = [],
) =>
  adviceOn(
    {
      models,
      migrations,
      source: `export const q = () => prisma.event.findMany({ ${where}orderBy: { createdAt: 'desc' }, take: 10 })\n`,
    },
    { statistics },
  )
const table = `CREATE TABLE "Event" ("id" INT PRIMARY KEY, "tenantId" TEXT NOT NULL, "ownerId" INT NOT NULL, "kind" TEXT NOT NULL, "createdAt" TIMESTAMP NOT NULL);\n`
const on_ = `ALTER TABLE "Event" ENABLE ROW LEVEL SECURITY;\nALTER TABLE "Event" FORCE ROW LEVEL SECURITY;\n`
const tenant = `CREATE POLICY t ON "Event" USING ("tenantId" = current_setting('app.tenant')::text);\n`
const bySort = ['Event(createdAt)']
const byTenant = ['Event(tenantId, createdAt)']

const cases: readonly [name: string, migrations: string | readonly string[], advised: readonly string[]][] = [
  ['one for all commands', table + on_ + tenant, byTenant],
  ['in a later migration', [table, tenant + on_], byTenant],
  ['for SELECT', table + on_ + tenant.replace('USING', 'FOR SELECT TO app USING'), byTenant],
  ['for UPDATE alone nothing is seen', table + on_ + tenant.replace('USING', 'FOR UPDATE USING'), []],
  [
    'the value first',
    table + on_ + tenant.replace(/USING.*/, `USING ((SELECT current_setting('a')) = "tenantId");`),
    byTenant,
  ],
  [
    'a switch for administrators beside it',
    table + on_ + tenant + `CREATE POLICY b ON "Event" USING (current_setting('app.bypass') = 'on');`,
    byTenant,
  ],
  [
    'restrictive',
    table +
      on_ +
      tenant.replace('USING', 'AS RESTRICTIVE USING') +
      `CREATE POLICY b ON "Event" USING (true);`,
    byTenant,
  ],
  ['one of two ways', table + on_ + tenant + `CREATE POLICY o ON "Event" USING ("ownerId" = 1);`, []],
  [
    'both ways ask for it',
    table + on_ + tenant + `CREATE POLICY o ON "Event" USING ("tenantId" = current_user AND "ownerId" > 1);`,
    byTenant,
  ],
  [
    'changed',
    table + on_ + tenant + `ALTER POLICY t ON "Event" USING ("tenantId" = current_user);`,
    byTenant,
  ],
  [
    'changed to something else',
    table + on_ + tenant + `ALTER POLICY t ON "Event" USING ("ownerId" > 1);`,
    [],
  ],
  ['no equality', table + on_ + tenant.replace(/USING.*/, `USING (has_access("tenantId"));`), []],
  [
    'another table',
    table +
      on_ +
      tenant.replace(/USING.*/, `USING (EXISTS (SELECT 1 FROM m WHERE m.id = "Event"."ownerId"));`),
    [],
  ],
  ['no policy at all', table + on_, []],
  ['a code block', `${table}DO $$ BEGIN ${on_}${tenant} END $$;`, byTenant],
  [
    'a loop over tables',
    `${table}DO $$ BEGIN FOR t IN SELECT 1 LOOP EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t); END LOOP; END $$;`,
    [],
  ],
  ['off', table + tenant, bySort],
  ['off again', `${table}${on_}${tenant}ALTER TABLE "Event" DISABLE ROW LEVEL SECURITY;`, bySort],
  ['every row is seen', `${table}${on_}CREATE POLICY b ON "Event" USING (true);`, bySort],
  [
    'dropped',
    `${table}${on_}${tenant}DROP POLICY IF EXISTS t ON "public"."Event";CREATE POLICY b ON "Event" USING (true);`,
    bySort,
  ],
]

describe('FL-A3 what a policy compares by equality leads', () => {
  test.each(cases)('FL-A3 %s', async (_, migrations, expected) => {
    expect((await on(migrations)).ids).toEqual(expected)
  })

  describe('in the statistics of a database', () => {
    let database: PGlite
    beforeAll(async () => {
      database = await PGlite.create()
      await database.exec(`CREATE ROLE app; CREATE TABLE m (id INT);
        CREATE FUNCTION has_access(TEXT) RETURNS BOOLEAN LANGUAGE sql STABLE AS 'SELECT true'`)
    }, 60_000)
    afterAll(() => database?.close())

    const runnable = cases.filter(([name]) => name !== 'a loop over tables')
    test.each([
      ...runnable,
      [
        'text of another type',
        table.replace(/"tenantId" TEXT/, '"tenantId" VARCHAR(40)') + on_ + tenant,
        byTenant,
      ],
      [
        'an id that is compared as a text',
        table.replace(/"tenantId" TEXT/, '"tenantId" UUID') +
          on_ +
          tenant.replace('"tenantId"', '"tenantId"::text'),
        [],
      ],
    ] as typeof cases)('FL-A3 %s', async (_, migrations, expected) => {
      await database.exec('DROP TABLE IF EXISTS "Event"')
      for (const sql of typeof migrations === 'string' ? [migrations] : migrations) await database.exec(sql)
      const client: SqlClient = {
        query: async (sql, parameters) => (await database.query<Row>(sql, parameters?.slice())).rows,
      }
      const statistics = await exportPostgresStatistics(client, { values: false })
      const { ids } = await on([], '', catalogStatistics(statistics))
      expect(ids).toEqual(expected)
      expect(JSON.stringify(statistics)).not.toContain('current_setting')
    })
  })

  test('FL-A3 what is not read of them is told', async () => {
    const { reasons } = await on(table + on_ + tenant.replace(/USING.*/, `USING (has_access("tenantId"));`))
    expect(reasons).toEqual([
      'Event has row level security that could not be read whole: no sort alone is advised on it.',
    ])
    expect((await on(table + on_ + tenant)).reasons).toEqual([])
  })

  test('FL-A3 behind the own condition of the query', async () => {
    expect((await on(table + on_ + tenant, "where: { kind: 'a' }, ")).ids).toEqual([
      'Event(tenantId, kind, createdAt)',
    ])
  })
})
