import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startHub, type Hub } from '@prisma-brisk/live'
import { readLog } from '../../../packages/live/src/history/log-file.ts'
import { firstMigration } from '../index-advisor/support/static-engine.ts'
import { datasource, project, removeProjects } from '../index-advisor/support/static-project.ts'
import { callOf, eventually, livePage, rowOf } from './support/live-page.ts'

/** The page before hubs that come and go, several processes, a log, and a project of which it writes a migration. */

const live = livePage()
const hubs: Hub[] = []
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.close()
})

test('two processes are on one page, and one that is started again goes on there', async () => {
  const page = await live.open()
  const second = await live.startApplication(live.hub.address)
  await live.application.visit('/users/1')
  await second.visit('/exercises')
  await rowOf(page, '/users/:id').waitFor()
  await rowOf(page, '/exercises').click()
  await page.getByText(`process ${second.pid}`).waitFor()

  await second.end()
  const third = await live.startApplication(live.hub.address)
  await third.visit('/annotations')
  await rowOf(page, '/annotations').click()
  await page.getByText(`process ${third.pid}`).waitFor()
  expect(await rowOf(page, '/exercises').count()).toBe(1)
  await page.getByText('3 processes').waitFor()
  await third.end()
})

test('a hub that is killed and started again is found again, by the application and by the page', async () => {
  live.allow(/Failed to load resource|net::ERR/)
  let hub = await startHub({ port: 0 })
  const { port, address } = hub
  const token = new URL(address).searchParams.get('token') as string
  const application = await live.startApplication(address)
  const page = await live.open({}, address)
  await application.visit('/users/1')
  await rowOf(page, '/users/:id').waitFor()

  await hub.close()
  await page.getByText('The hub is gone').waitFor()
  expect(await rowOf(page, '/users/:id').count()).toBe(1)
  expect(await application.visit('/users/1')).toBe(200)

  hub = await startHub({ port, token })
  hubs.push(hub)
  await page.getByText(/^Live/).waitFor()
  await eventually(
    async () => {
      await application.visit('/exercises')
      return rowOf(page, '/exercises').count()
    },
    (count) => count === 1,
  )
  expect(await rowOf(page, '/exercises').count()).toBe(1)
  await application.end()
})

test('a hub of another token is not taken for the one that was', async () => {
  live.allow(/Failed to load resource|net::ERR/)
  const hub = await startHub({ port: 0 })
  const page = await live.open({}, hub.address)
  await page.getByText(/^Live/).waitFor()
  await hub.close()
  hubs.push(await startHub({ port: hub.port }))
  await page.getByText('Another hub runs here now').waitFor()
})

test('a log says what it lacks, and nothing is made up', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-log-'))
  const file = join(directory, 'slow-queries.ndjson')
  const record = {
    type: 'slow-query',
    time: '2026-01-02T03:04:05.000Z',
    model: 'Post',
    operation: 'findMany',
    ms: 812,
    waitMs: 0,
    transactionMs: 0,
    statements: [{ sql: 'SELECT "Post"."id" FROM "Post"', ms: 800, rows: 3, fingerprint: 'f' }],
    rowsRead: 3,
    rowsReturned: 3,
    callSite: '/app/src/posts.ts:17:37',
    request: 'GET /posts',
    traceId: '0123456789abcdef0123456789abcdef',
  }
  writeFileSync(file, `${JSON.stringify(record)}\n`)
  const hub = await startHub({ port: 0 })
  hubs.push(hub)
  await readLog(file, hub.history)
  const page = await live.open({}, hub.address)
  const row = rowOf(page, '/posts')
  await row.waitFor()
  expect(await row.getByRole('gridcell').nth(1).textContent()).toBe('–')
  await row.click()
  await page.getByRole('note').getByText('A log does not say').waitFor()
  await callOf(page, 'Post.findMany').getByRole('button').first().click()
  await page.getByText('The log does not hold its arguments.').waitFor()
  rmSync(directory, { recursive: true })
})

test('a migration is shown, and written into the project once somebody agrees', async () => {
  const schema = `${datasource('postgresql')}
model Post {
  id    Int    @id
  title String
}
`
  const given = project({
    'prisma/schema.prisma': schema,
    'prisma/migrations/20260101000000_init/migration.sql': await firstMigration('postgresql', schema),
    'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
    'node_modules/prisma/package.json': '{ "name": "prisma", "version": "7.10.0" }',
  })
  const hub = await startHub({ port: 0, cwd: given.directory })
  hubs.push(hub)
  const sql = 'SELECT "public"."Post"."id" FROM "public"."Post" WHERE "public"."Post"."title" = $1 LIMIT $2'
  const callSite = join(given.directory, 'src/routes.ts:7:3')
  hub.take(
    [
      {
        type: 'process',
        protocol: 1,
        process: 'p',
        pid: 1,
        name: 'x',
        cwd: given.directory,
        dropped: 0,
        args: 'kinds',
      },
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
        callSite,
        statements: [{ sql, ms: 3, rows: 1, fingerprint: 'f', at: 0, waitMs: 0 }],
      },
    ]
      .map((line) => JSON.stringify(line))
      .join('\n'),
  )
  const page = await live.open({}, `${hub.address}#/indexes`)
  await page.getByRole('listitem').getByText('@@index([title])').first().waitFor({ timeout: 30_000 })
  await page.getByRole('button', { name: 'Write migration' }).click()
  const shown = page.getByRole('group', { name: 'Migration' })
  await shown.getByText('adds a migration with 1 index').waitFor({ timeout: 30_000 })
  const written = () => readFileSync(join(given.directory, 'prisma/schema.prisma'), 'utf8')
  expect(written()).toBe(schema)
  await shown.getByRole('button', { name: 'Write it' }).click()
  await shown.getByText('It is not applied').waitFor({ timeout: 30_000 })
  expect(written()).toContain('@@index([title])')
  expect(readdirSync(join(given.directory, 'prisma/migrations'))).toHaveLength(3)
  removeProjects()
}, 120_000)
