import { readdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type Binding, genericBinding } from '../../../packages/index-advisor/src/binding/binding.ts'
import { readExplain } from '../../../packages/index-advisor/src/planner/explain-json.ts'
import { createIndexStatement } from '../../../packages/index-advisor/src/planner/index-statement.ts'
import { pglitePlanner } from '../../../packages/index-advisor/src/planner/what-if/pglite-planner.ts'
import { planShape } from '../../../packages/index-advisor/src/planner/plan.ts'
import type { HypotheticalIndex, Planner } from '../../../packages/index-advisor/src/planner/planner.ts'
import { PreparedQueries } from '../../../packages/index-advisor/src/planner/postgres-session.ts'
import { exportPostgresStatistics } from '../../../packages/index-advisor/src/statistics/export-postgres.ts'
import type { Statistics } from '../../../packages/index-advisor/src/statistics/statistics.ts'
import { type ConnectedClient, connectSql, totalCost } from '../../support/sql-client.ts'
import { postgresUrl } from '../../support/servers.ts'
import { hypotheticalIndex } from '../../support/hypothetical-index.ts'

const name = `brisk_what_if_${process.pid}`
let admin: ConnectedClient
let client: ConnectedClient
let statistics: Statistics
let planner: Planner

beforeAll(async () => {
  admin = await connectSql(postgresUrl())
  await admin.query(`create database ${name}`)
  const url = new URL(postgresUrl())
  url.pathname = `/${name}`
  client = await connectSql(url.href)
  await client.query(`
    select setseed(0.1);
    create table event (id bigint not null, tenant int not null, kind text not null, at timestamptz not null, payload jsonb not null)
      partition by range (at);
    create table event_2023 partition of event for values from ('2023-01-01') to ('2024-01-01');
    create table event_2024 partition of event for values from ('2024-01-01') to ('2025-01-01') partition by hash (tenant);
    create table event_2024_0 partition of event_2024 for values with (modulus 2, remainder 0);
    create table event_2024_1 partition of event_2024 for values with (modulus 2, remainder 1);
    insert into event select i, floor(random() * 300)::int, 'kind' || i % 7, timestamptz '2023-01-01 00:00+00' + i * interval '15 minutes',
      jsonb_build_object('k', i % 50) from generate_series(1, 60000) i;
    create table place (id serial primary key, country text not null, city text not null, zip text not null, tags text[] not null, note text);
    insert into place (country, city, zip, tags, note) select 'c' || i % 20, 'city' || i % 400, 'zip' || i % 8000,
      array['t' || i % 30, 'u' || floor(random() * 40)::int], case when i % 50 = 0 then repeat('x', 20) end from generate_series(1, 60000) i;
    create statistics place_where (ndistinct, dependencies) on country, city, zip from place;
    create table tenant_user (tenant int not null, email text not null, name text not null, primary key (tenant, email));
    insert into tenant_user select i % 4, 'user' || i, 'name' || i from generate_series(1, 60000) i;
    create domain short_text as varchar(40);
    create type mood as enum ('sad', 'ok', 'happy');
    create type pair as (a int, b int);
    create table odd (id serial primary key, mood mood not null, label short_text not null, point pair, span int4range not null, ip inet not null);
    insert into odd (mood, label, point, span, ip) select (array['sad','ok','happy'])[1 + i % 3]::mood, 'label' || i, (i, i)::pair,
      int4range(i, i + 10), '10.0.0.1'::inet + i from generate_series(1, 5000) i;
    create index odd_lower on odd (lower(label));
  `)
  await client.query('vacuum analyze')
  statistics = await exportPostgresStatistics(client)
  planner = await pglitePlanner(statistics)
}, 120_000)

afterAll(async () => {
  await planner?.close()
  await client?.end()
  await admin?.query(`drop database if exists ${name} with (force)`)
  await admin?.end()
})

/** Its id becomes the name of an index that is really made. */
function index(table: string, keys: string, options: { method?: string } = {}): HypotheticalIndex {
  return {
    ...hypotheticalIndex(table, keys, options),
    id: `real_${table}_${keys.replace(/\W+/g, '_')}`,
  }
}

function query(sql: string) {
  return { fingerprint: sql, sql, parameters: new Set(sql.match(/\$\d+/g)).size }
}

/** Plans in the cluster and on the server with the index really built: same shape, nearly the same cost. */
async function expectAsReal(
  sql: string,
  values: readonly string[],
  each: HypotheticalIndex,
  tolerance = 0.1,
) {
  const binding: Binding = { kind: 'common', values }
  const foreseen = await planner.plan(query(sql), [each], binding)
  await client.query('begin')
  try {
    await client.query(createIndexStatement(each, each.id))
    const real = readExplain(await new PreparedQueries(client).explain(query(sql), binding), (found) => found)
    const names = (shape: string) =>
      shape.replace(/\breal_\w+/g, 'real').replace(/\bevent_\d+\w*idx\w*/g, 'real')
    expect(names(planShape(foreseen.root))).toBe(names(planShape(real.root)))
    expect(Math.abs(foreseen.cost - real.cost) / real.cost).toBeLessThan(tolerance)
  } finally {
    await client.query('rollback')
  }
  return foreseen
}

test('X54 an index on a partitioned table is planned on every partition', async () => {
  const byTenant = index('event', 'tenant')
  expect(await planner.decline(byTenant)).toBeNull()
  const plan = await expectAsReal('select * from event where tenant = $1', ['7'], byTenant)
  expect(plan.uses).toEqual([byTenant.id])
  const pruned = await expectAsReal(
    'select * from event where tenant = $1 and at >= $2',
    ['7', '2024-03-01'],
    byTenant,
  )
  expect(pruned.cost).toBeLessThan(plan.cost)
  expect(await planner.indexBytes(byTenant)).toBeGreaterThan(3 * 8192)
})

test('X54 extended statistics decide as they do in production', async () => {
  const sql = 'select * from place where country = $1 and city = $2'
  const values = ['c3', 'city3']
  const plan = await expectAsReal(sql, values, index('place', 'city'))
  // City decides country: without the dependency the planner would expect a twentieth of the rows.
  expect(plan.rows).toBeGreaterThan(100)
  const grouped = await expectAsReal(
    'select country, city, count(*) from place group by country, city',
    [],
    index('place', 'city'),
  )
  expect(grouped.rows).toBe(400)
})

test('X54 a table over 1 GiB is planned at its size and takes no disk', async () => {
  const huge: Statistics = {
    ...statistics,
    settings: { ...statistics.settings, max_parallel_workers_per_gather: '0' },
    tables: statistics.tables.map((table) =>
      table.name !== 'tenant_user'
        ? table
        : {
            ...table,
            pages: 400_000,
            analysedPages: 400_000,
            allVisiblePages: 400_000,
            rows: 60_000_000,
            indexes: table.indexes.map((each) => ({
              ...each,
              pages: 300_000,
              analysedPages: 300_000,
              rows: 60_000_000,
            })),
          },
    ),
  }
  const before = new Set(readdirSync(tmpdir()))
  const large = await pglitePlanner(huge)
  try {
    const scan = await large.plan(query('select * from tenant_user'), [], genericBinding)
    expect(scan.cost).toBeCloseTo(400_000 + 60_000_000 * 0.01, 0)
    const byName = index('tenant_user', 'name')
    const found = await large.plan(
      query('select * from tenant_user where name = $1'),
      [byName],
      genericBinding,
    )
    expect(found.uses).toEqual([byName.id])
    expect(await large.indexBytes(byName)).toBeGreaterThan(2 ** 30)
    const made = readdirSync(tmpdir()).filter(
      (each) => each.startsWith('prisma-brisk-what-if-') && !before.has(each),
    )
    const blocks = made.flatMap((each) =>
      readdirSync(join(tmpdir(), each), { recursive: true, encoding: 'utf8' }).map(
        (file) => statSync(join(tmpdir(), each, file)).blocks * 512,
      ),
    )
    expect(blocks.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(120 * 2 ** 20)
  } finally {
    await large.close()
  }
}, 60_000)

test('X54 a GIN index on a list is planned', async () => {
  const byTag = index('place', 'tags', { method: 'gin' })
  expect(await planner.decline(byTag)).toBeNull()
  const sql = 'select * from place where tags @> $1'
  const plan = await planner.plan(query(sql), [byTag], { kind: 'common', values: ['{t3,u7}'] })
  expect(plan.uses).toEqual([byTag.id])
  await client.query(`create index real_gin on place using gin (tags)`)
  const [row] = await client.query(`select pg_relation_size('real_gin')::float8 as bytes`)
  await client.query('drop index real_gin')
  const bytes = await planner.indexBytes(byTag)
  expect(Math.abs(bytes - Number(row?.['bytes'])) / Number(row?.['bytes'])).toBeLessThan(0.5)
})

test('X54 a type that the embedded planner does not know is declined, the rest of its table is planned', async () => {
  expect(await planner.decline(index('odd', 'point'))).toContain('type')
  expect(await planner.decline(index('odd', 'label', { method: 'spgist' }))).toContain('spgist')
  await expectAsReal(
    'select * from odd where mood = $1 and label = $2',
    ['sad', 'label7'],
    index('odd', 'label'),
  )
  await expectAsReal('select * from odd where span && $1', ['[5,9)'], index('odd', 'ip'))
  // Statistics of an index on an expression that exists are used.
  await expectAsReal('select * from odd where lower(label) = $1', ['label9'], index('odd', 'ip'))
})

test('X54 an index on text serves a prefix only where the collation sorts by bytes', async () => {
  const sql = `select * from tenant_user where name like 'name77%'`
  await expectAsReal(sql, [], index('tenant_user', 'name'))
  const collation = async (kind: 'C' | 'other') => {
    const changed: Statistics = {
      ...statistics,
      tables: statistics.tables
        .filter((table) => table.name === 'tenant_user')
        .map((table) => ({
          ...table,
          columns: table.columns.map((column) => ({ ...column, collation: column.collation && kind })),
        })),
    }
    const other = await pglitePlanner(changed)
    try {
      return (await other.plan(query(sql), [index('tenant_user', 'name')], genericBinding)).uses.length > 0
    } finally {
      await other.close()
    }
  }
  expect([await collation('C'), await collation('other')]).toEqual([true, false])
}, 60_000)

test('X53 what only PostgreSQL 18 can do with an index proves nothing for an older server', async () => {
  const sql = 'select * from tenant_user where email = $1'
  const binding: Binding = { kind: 'common', values: ['user77'] }
  // The primary key (tenant, email) has four tenants: 18 skips through them, 15 reads all of it or the table.
  const old = await planner.plan(query(sql), [], binding)
  const [row] = await client.query(`explain (format json) ${sql.replace('$1', `'user77'`)}`)
  const real = totalCost(row)
  expect(Math.abs(old.cost - real) / real).toBeLessThan(0.25)
  const byTenantName = index('tenant_user', 'tenant, name')
  const skipping = query('select * from tenant_user where name = $1')
  expect(
    (await planner.plan(skipping, [byTenantName], { kind: 'common', values: ['name5'] })).uses,
  ).not.toContain(byTenantName.id)

  const modern = await pglitePlanner({ ...statistics, server: { name: 'PostgreSQL 18.1', version: 180001 } })
  try {
    const skipped = await modern.plan(query(sql), [], binding)
    expect(skipped.uses).toEqual(['tenant_user_pkey'])
    expect(skipped.cost).toBeLessThan(old.cost / 10)
    expect((await modern.plan(skipping, [byTenantName], { kind: 'common', values: ['name5'] })).uses).toEqual(
      [byTenantName.id],
    )
  } finally {
    await modern.close()
  }
}, 60_000)

test('X53 without values an equality is still planned by how often values occur', async () => {
  const bare = await exportPostgresStatistics(client, { values: false })
  const blind = await pglitePlanner(bare)
  try {
    const sql = 'select * from place where country = $1'
    const known = await planner.plan(query(sql), [], { kind: 'common', values: ['c1'] })
    const guessed = await blind.plan(query(sql), [], { kind: 'common', values: ['1'] })
    expect(Math.abs(guessed.rows - known.rows) / known.rows).toBeLessThan(0.1)
  } finally {
    await blind.close()
  }
}, 60_000)

test('X66 statistics of another database are refused, and nothing is left in the temporary directory', async () => {
  await expect(pglitePlanner({ ...statistics, provider: 'sqlite' })).rejects.toMatchObject({
    code: 'E_PLANNER',
  })
  const planned = await pglitePlanner({ ...statistics, tables: [] })
  await planned.close()
  await planned.close()
  await expect(planned.plan(query('select 1'), [], genericBinding)).rejects.toMatchObject({
    code: 'E_PLANNER',
  })
}, 60_000)

test('X54 what the planner could not rebuild is said', async () => {
  const view = { ...statistics, extensions: [{ name: 'postgis', schema: 'public' }] }
  const tables = view.tables.map((table) =>
    table.name === 'place'
      ? {
          ...table,
          indexes: [
            ...table.indexes,
            {
              ...table.indexes[0]!,
              name: 'place_geo',
              definition: 'CREATE INDEX place_geo ON public.place USING gist (st_point(id))',
            },
          ],
          extended: table.extended.map((each) => ({ ...each, hasCommonValues: true })),
        }
      : table,
  )
  const other = await pglitePlanner({ ...view, tables })
  try {
    const reasons = (other.gaps ?? []).map((gap) => gap.reason)
    expect(reasons).toEqual([
      expect.stringContaining('index place_geo is not known to the planner'),
      'the common combinations of extended statistics place_where cannot be carried over',
    ])
    expect(
      (await other.plan(query('select * from place where zip = $1'), [], genericBinding)).cost,
    ).toBeGreaterThan(0)
  } finally {
    await other.close()
  }
}, 60_000)
