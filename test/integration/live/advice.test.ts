import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { startHub, type Hub, type MigrationAnswer, type ProjectAdvice } from '@prisma-brisk/live'
import { firstMigration } from '../index-advisor/support/static-engine.ts'
import { datasource, project, removeProjects } from '../index-advisor/support/static-project.ts'

/** Advice that rests on what requests have asked, and the migration that is written once somebody agrees. */

const SCHEMA = `${datasource('postgresql')}
model Post {
  id    Int    @id
  title String
  slug  String
}
`

let hub: Hub
afterEach(async () => {
  await hub.close()
  removeProjects()
})

async function ask(path: string, body?: object) {
  const { origin, searchParams } = new URL(hub.address)
  return fetch(`${origin}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { Authorization: `Bearer ${searchParams.get('token')}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

/** A hub that has seen one call by title, from a place of the project. */
async function seeing(cwd: string, place: string): Promise<void> {
  hub = await startHub({ port: 0, cwd })
  hub.take(
    [
      { type: 'process', protocol: 1, process: 'p', pid: 1, name: 'x', cwd, dropped: 0, args: 'kinds' },
      {
        type: 'call',
        request: 'p-1',
        call: 1,
        model: 'Post',
        operation: 'findMany',
        at: 0,
        ms: 3,
        waitMs: 0,
        transactionMs: 0,
        rowsRead: 1,
        rowsReturned: 1,
        callSite: place,
        statements: [
          {
            sql: 'SELECT "public"."Post"."id" FROM "public"."Post" WHERE "public"."Post"."title" = $1 LIMIT $2',
            ms: 3,
            rows: 1,
            fingerprint: 'f',
            at: 0,
            waitMs: 0,
          },
        ],
      },
    ]
      .map((line) => JSON.stringify(line))
      .join('\n'),
  )
}

test('what requests have asked is advised on, and a migration is written only once it is confirmed', async () => {
  const given = project({
    'prisma/schema.prisma': SCHEMA,
    'prisma/migrations/20260101000000_init/migration.sql': await firstMigration('postgresql', SCHEMA),
    'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
    'node_modules/prisma/package.json': '{ "name": "prisma", "version": "7.10.0" }',
  })
  await seeing(given.directory, join(given.directory, 'src/routes.ts:7:3'))
  const { advice, statements } = (await (await ask('/api/advice')).json()) as ProjectAdvice
  expect(statements).toBe(1)
  expect(advice.recommendations).toMatchObject([
    { model: 'Post', prisma: '@@index([title])', evidence: [{ kind: 'workload', calls: 1 }] },
  ])

  const schema = () => readFileSync(join(given.directory, 'prisma/schema.prisma'), 'utf8')
  const agreements: (string | null)[] = []
  for (const body of [{}, { confirm: 'yes' }, { confirm: true }, { confirm: false }]) {
    const offered = (await (await ask('/api/migration', body)).json()) as MigrationAnswer
    agreements.push(offered.confirm)
    expect(offered).toMatchObject({
      project: given.directory,
      isWritten: false,
      files: ['prisma/schema.prisma', 'prisma/migrations'],
      indexes: [{ model: 'Post', prisma: '@@index([title])', sql: expect.stringMatching(/^CREATE INDEX/i) }],
    })
    expect(schema()).toBe(SCHEMA)
  }
  const [confirm] = agreements
  expect(agreements).toEqual(agreements.map(() => expect.stringMatching(/^\w{16}$/)))
  expect(new Set(agreements).size).toBe(1)
  // The same index in another project was not agreed to.
  const own = hub
  const other = project({ 'prisma/schema.prisma': SCHEMA })
  await seeing(other.directory, join(other.directory, 'src/routes.ts:7:3'))
  expect(await (await ask('/api/migration', { confirm })).json()).toMatchObject({
    isWritten: false,
    project: other.directory,
    said: expect.stringContaining('something else was agreed to'),
  })
  expect(other.read('prisma/schema.prisma')).toBe(SCHEMA)
  await hub.close()
  hub = own
  const written = (await (await ask('/api/migration', { confirm })).json()) as MigrationAnswer
  expect(written).toMatchObject({ isWritten: true, files: expect.arrayContaining(['prisma/schema.prisma']) })
  expect(schema()).toContain('@@index([title])')
  expect(readdirSync(join(given.directory, 'prisma/migrations'))).toHaveLength(3)
  expect(await (await ask('/api/migration', { confirm })).json()).toMatchObject({
    isWritten: false,
    said: expect.stringContaining('nothing to write'),
  })
})

test('the project of a process counts where the hub stands elsewhere, and what is wrong with it is said with its code', async () => {
  const given = project({ 'app/prisma/schema.prisma': SCHEMA, 'elsewhere/nothing.txt': '' })
  await seeing(join(given.directory, 'app'), 'a.ts:1:1')
  const about = [...hub.history.processes.values()]
  await hub.close()
  hub = await startHub({ port: 0, cwd: join(given.directory, 'elsewhere') })
  const none = await ask('/api/advice')
  expect(none.status).toBe(409)
  expect(await none.json()).toMatchObject({ code: 'E_SCHEMA_NOT_FOUND' })
  hub.take(about.map((each) => JSON.stringify(each)).join('\n'))
  expect((await ask('/api/advice')).status).toBe(200)
})
