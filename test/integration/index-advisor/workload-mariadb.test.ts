import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createConnection, type Connection } from 'mariadb'

import { run } from '../../../packages/index-advisor/src/cli/run.ts'
import type { Advice } from '../../../packages/index-advisor/src/advice/advice.ts'
import { connectDatabase } from '../../../packages/index-advisor/src/statistics/connect.ts'
import { readPerformanceSchema } from '../../../packages/index-advisor/src/workload/performance-schema.ts'
import { type MariadbServer, startMariadb } from '../../support/mariadb.ts'
import { mariadbUrl } from '../../support/servers.ts'

const project = mkdtempSync(join(tmpdir(), 'brisk-mariadb-'))
let server: MariadbServer
let connection: Connection
let url: string

beforeAll(async () => {
  server = await startMariadb({
    'performance-schema': 'ON',
    'performance-schema-consumer-statements-digest': 'ON',
    'performance-schema-instrument': 'statement/%=ON',
  })
  const { port } = new URL(server.url)
  connection = await createConnection({
    host: '127.0.0.1',
    port: Number(port),
    user: 'root',
    multipleStatements: true,
  })
  await connection.query(`create database shop; use shop;
    create table \`Order\` (\`id\` int primary key auto_increment, \`customer\` int not null, \`state\` varchar(20) not null, \`note\` varchar(191) not null);
    insert into \`Order\` (customer, state, note) select floor(rand(1) * 900), 'open', md5(seq) from seq_1_to_9000;
    create table \`Small\` (\`id\` int primary key, \`name\` varchar(20) not null); insert into \`Small\` values (1, 'x');
    analyze table \`Order\`, \`Small\` persistent for all`)
  for (const customer of [1, 2, 3]) {
    await connection.query(
      'SELECT `shop`.`Order`.`id` FROM `shop`.`Order` WHERE `shop`.`Order`.`customer` = ? ORDER BY `note` ASC LIMIT 5',
      [customer],
    )
    await connection.query('SELECT `id` FROM `shop`.`Order` WHERE `customer` IN (?, ?) AND `state` = ?', [
      customer,
      7,
      'secret',
    ])
    await connection.query('SELECT `id` FROM `shop`.`Order` WHERE `customer` IN (?, ?, ?) AND `state` = ?', [
      customer,
      7,
      8,
      'secret',
    ])
  }
  url = server.url.replace(/mysql$/, 'shop')
  writeFileSync(
    join(project, 'schema.prisma'),
    `datasource db {
  provider = "mysql"
}
model Order {
  id       Int    @id @default(autoincrement())
  customer Int
  state    String @db.VarChar(20)
  note     String
}
model Small {
  id   Int    @id
  name String @db.VarChar(20)
}
`,
  )
}, 60_000)

afterAll(async () => {
  await connection?.end()
  await server?.kill()
  rmSync(project, { recursive: true, force: true })
})

test('X40 digests of performance_schema are one fingerprint for lists of any length, without a value', async () => {
  const database = await connectDatabase(url)
  try {
    const workload = await readPerformanceSchema(database)
    expect(JSON.stringify(workload)).not.toContain('secret')
    const orders = workload.queries.filter(
      (query) => query.sql.includes('"Order"') && query.kind === 'select',
    )
    expect(orders.map(({ calls, sql }) => [calls, sql.includes(' IN ')])).toEqual(
      expect.arrayContaining([
        [3, false],
        [6, true],
      ]),
    )
    for (const query of orders) expect(query.totalMs).toBeGreaterThan(0)
    expect(workload.skipped.utility).toBeGreaterThan(0)
  } finally {
    await database.close()
  }
})

async function advise(...flags: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const code = await run(['advise', '--schema', 'schema.prisma', '--no-source', ...flags], {
    cwd: project,
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    isTerminal: false,
  })
  return { code, out, err }
}

test('advice on MariaDB rests on queries and numbers of rows, and says that nothing is proved', async () => {
  const { code, out, err } = await advise('--database-url', url, '--format', 'json')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const advice = JSON.parse(out) as Advice
  expect(advice.recommendations.map((each) => [each.model, each.fields[0], each.confidence])).toContainEqual([
    'Order',
    'customer',
    'estimated',
  ])
  expect(advice.findings.map((each) => each.reason).join()).toContain('Nothing is proved on MariaDB')
  expect(advice.recommendations.some((each) => each.model === 'Small')).toBe(false)
})

test('X66 a planner that MariaDB cannot have, and a server that does not count, are one clear line', async () => {
  for (const planner of ['pglite', 'hypopg', 'transaction']) {
    const { code, out, err } = await advise('--database-url', url, '--planner', planner)
    expect({ planner, code, out }).toEqual({ planner, code: 2, out: '' })
    expect(err.trim().split('\n')).toHaveLength(1)
    expect(err).toContain('cannot plan for MariaDB')
  }
  const other = await connectDatabase(mariadbUrl())
  const [state] = await other.query('select @@performance_schema as enabled')
  const reading = readPerformanceSchema(other)
  if (Number(state?.['enabled']) === 0)
    await expect(reading).rejects.toThrow('performance_schema is off on this server')
  else await expect(reading).resolves.toMatchObject({ source: 'performance_schema' })
  await other.close()
})
