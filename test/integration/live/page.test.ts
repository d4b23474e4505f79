import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { startHub, type Hub } from '@prisma-brisk/live'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { buildPage } from '../../../scripts/build-page.ts'
import { openChromium } from '../../support/chromium.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import {
  APPLICATION,
  endApplications,
  markedLine,
  startApplication,
  type RunningApplication,
} from './support/live-page.ts'

/** The page of `brisk live` as a user reads it: Debian's Chromium before a hub that the demo application reports to. */

let database: TestDatabase<PrismaClient>
let browser: Browser
let hub: Hub
let application: RunningApplication
const problems: string[] = []

beforeAll(async () => {
  expect(await buildPage()).toEqual({ code: 0, output: '' })
  database = await createDatabase('postgresql', { schema: 'demo', seed: 0.02 })
  hub = await startHub({ port: 0 })
  application = await startApplication(hub.address, database.url)
  browser = await openChromium()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  endApplications()
  await hub?.close()
  await database?.drop()
})

beforeEach(() => {
  hub.history.clear()
  problems.length = 0
})
afterEach(() => expect(problems).toEqual([]))

/** Opens the page in a browser of its own; what the browser complains of fails the test. */
async function open(options: BrowserContextOptions = {}, address = hub.address): Promise<Page> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => problems.push(message.text()))
  await page.goto(address)
  return page
}

const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name }).first()
const call = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name })

/** What a reader of the page cannot use, by axe-core's rules. */
async function violations(page: Page): Promise<string[]> {
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
  await page.evaluate(readFileSync(axe, 'utf8'))
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } }
    return (await axe.run()).violations
  })
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
}
interface AxeViolation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

test('a request appears by itself with its badges; opened, its loop is one line that unfolds', async () => {
  const page = await open()
  await page.getByText('Nothing so far.').waitFor()
  await application.visit('/conversations')
  const listed = row(page, '/conversations')
  await listed.getByText('N+1').waitFor()
  expect(await listed.textContent()).toMatch(/^200GET\/conversations/)
  expect(await listed.getByRole('gridcell').nth(3).textContent()).toBe('39')

  await listed.click()
  await page.getByRole('heading', { name: '/conversations' }).waitFor()
  const loop = call(page, 'User.findUnique').first()
  expect(await loop.textContent()).toContain('× 38')
  await loop.getByRole('button', { name: 'User.findUnique' }).click()
  expect(await loop.getByRole('listitem').count()).toBe(38)

  const line = markedLine('the N+1')
  const place = loop.getByRole('link').first()
  expect(await place.getAttribute('href')).toMatch(new RegExp(`^vscode://file${APPLICATION}:${line}:\\d+$`))
  await page.getByLabel('Editor').selectOption('Cursor')
  expect(await place.getAttribute('href')).toMatch(/^cursor:\/\/file/)
  await page.reload()
  expect(await page.getByLabel('Editor').inputValue()).toBe('cursor')

  // One call of it, with its statement laid out.
  await call(page, 'Conversation.findMany').first().getByRole('button').first().click()
  const sql = page.locator('pre.sql').first()
  await sql.getByText('ORDER BY').waitFor()
  expect((await sql.textContent())?.split('\n').length).toBeGreaterThan(5)
  expect(await violations(page)).toEqual([])
  await page.context().close()
})
