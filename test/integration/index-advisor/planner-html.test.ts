import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import type { Browser } from 'playwright-core'

import { run } from '../../../packages/index-advisor/src/cli/run.ts'
import { blogSql } from '../../support/blog-database.ts'
import { openChromium } from '../../support/chromium.ts'
import { postgresUrl } from '../../support/servers.ts'
import { type ConnectedClient, connectSql } from '../../support/sql-client.ts'

const name = `brisk_html_${process.pid}`
const project = mkdtempSync(join(tmpdir(), 'brisk-html-'))
const url = new URL(postgresUrl())
url.pathname = `/${name}`
let admin: ConnectedClient
let browser: Browser

const schema = `datasource db {
  provider = "postgresql"
}
model User {
  id        Int       @id @default(autoincrement())
  email     String    @unique
  name      String
  country   String
  plan      Plan
  createdAt DateTime
  deletedAt DateTime?
  posts     Post[]
}
enum Plan {
  FREE
  PRO
  TEAM
}
model Post {
  id        Int      @id @default(autoincrement())
  authorId  Int
  author    User     @relation(fields: [authorId], references: [id], onDelete: Cascade)
  title     String
  score     Int
  createdAt DateTime
}
`

const statements = `
-- calls: 300, ms: 40
select "id", "title" from "Post" where "authorId" = $1 order by "createdAt" desc limit 20;
-- calls: 120, ms: 30
select p."id" from "User" u join "Post" p on p."authorId" = u."id" where u."email" = 'user77@example.org';
-- calls: 50, ms: 20
select * from "Post" where "title" = '<script>window.stolen = 1</script>';
`

beforeAll(async () => {
  admin = await connectSql(postgresUrl())
  await admin.query(`create database ${name}`)
  const client = await connectSql(url.href)
  await client.query(blogSql(10_000))
  await client.query('analyze')
  await client.end()
  writeFileSync(join(project, 'schema.prisma'), schema)
  writeFileSync(join(project, 'workload.sql'), statements)
  browser = await openChromium()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await admin?.query(`drop database if exists ${name} with (force)`)
  await admin?.end()
  rmSync(project, { recursive: true, force: true })
})

test('the HTML report is one page that draws every plan, fetches nothing and shows no value', async () => {
  let out = ''
  let err = ''
  const argv = [
    'advise',
    '--schema',
    'schema.prisma',
    '--no-source',
    '--workload',
    'workload.sql',
    '--database-url',
    url.href,
  ]
  const code = await run([...argv, '--format', 'html'], {
    cwd: project,
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    isTerminal: false,
  })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  // X43
  expect(out).not.toMatch(/user77|stolen/)
  const file = join(project, 'advice.html')
  writeFileSync(file, out)

  const page = await browser.newPage()
  const requests: string[] = []
  const problems: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => problems.push(message.text()))
  await page.goto(pathToFileURL(file).href)
  expect(requests).toEqual([pathToFileURL(file).href])

  expect(await page.locator('h1').textContent()).toBe('Index advice')
  const rows = await page.locator('.summary tbody tr').count()
  expect(rows).toBeGreaterThan(0)
  expect(await page.locator('article.index').count()).toBe(rows)
  expect(await page.locator('article.index h3').first().textContent()).toContain('@@index([')

  const query = page.locator('details.query').first()
  await query.locator('summary').click()
  const shown = query.locator('.pair.shown')
  expect(await shown.count()).toBe(1)
  expect(await shown.locator('svg').count()).toBe(2)
  const [before, after] = await shown
    .locator('svg')
    .evaluateAll((drawings) =>
      drawings.map((drawing) => [...drawing.querySelectorAll('.type')].map((each) => each.textContent)),
    )
  expect(before?.join(' ')).toContain('Seq Scan')
  expect(after?.join(' ')).toMatch(/Index|Bitmap/)
  const box = await shown.locator('svg .node').first().boundingBox()
  expect(box?.width).toBeGreaterThan(50)
  expect(box?.height).toBeGreaterThan(20)
  // No step lies upon another.
  const overlaps = await shown
    .locator('svg')
    .first()
    .evaluate((drawing) => {
      const boxes = [...drawing.querySelectorAll('rect')].map((each) => each.getBoundingClientRect())
      return boxes.some((a, at) =>
        boxes.some(
          (b, other) =>
            at < other && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom,
        ),
      )
    })
  expect(overlaps).toBe(false)

  // The other values have plans of their own.
  await query.locator('button[data-binding=generic]').click()
  expect(await query.locator('.pair.shown').getAttribute('data-binding')).toBe('generic')
  expect(await query.locator('button[data-binding=generic]').getAttribute('aria-pressed')).toBe('true')
  expect(problems).toEqual([])
  if (process.env.BRISK_SCREENSHOT !== undefined)
    await page.screenshot({ path: process.env.BRISK_SCREENSHOT, fullPage: true })
  await page.close()
}, 60_000)
