import axe from 'axe-core'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startHub, type Hub } from '@prisma-brisk/live'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'
import { buildPage } from '../../../../scripts/build-page.ts'
import { openChromium } from '../../../support/chromium.ts'
import { createDatabase, type TestDatabase } from '../../../support/databases.ts'

const ROOT = join(import.meta.dirname, '../../../..')
export const APPLICATION = join(ROOT, 'demo/live/application.ts')

/** Line of the demo application that a comment marks. */
export function markedLine(comment: string): number {
  const lines = readFileSync(APPLICATION, 'utf8').split('\n')
  const index = lines.findIndex((line) => line.includes(`// ${comment}`))
  if (index < 0) throw new Error(`no line of the demo application is marked "${comment}"`)
  return index + 1
}

/** A running demo application. */
export interface RunningApplication {
  readonly pid: number
  visit(path: string, method?: 'GET' | 'POST'): Promise<number>
  end(): Promise<void>
}

/** What a test of the page has: made before its file's tests, removed after them. */
export interface LivePage {
  readonly hub: Hub
  readonly application: RunningApplication
  /** Starts another process of the application. */
  startApplication(address: string): Promise<RunningApplication>
  /** Opens the page in a browser of its own; what the browser complains of fails the test. */
  open(options?: BrowserContextOptions, address?: string): Promise<Page>
  /** What the browser may complain of in this test. */
  allow(complaint: RegExp): void
}

/** Debian's Chromium before a hub that the demo application reports to. */
export function livePage(): LivePage {
  let database: TestDatabase<PrismaClient>
  let browser: Browser
  let hub: Hub
  let application: RunningApplication
  const children = new Set<ChildProcess>()
  const complaints: string[] = []
  const allowed: RegExp[] = []

  const start = (address: string) => startProcess(address, database.url, children)
  beforeAll(async () => {
    expect(await buildPage()).toEqual({ code: 0, output: '' })
    database = await createDatabase('postgresql', { schema: 'demo', seed: 0.02 })
    // Where the schema is, and little source: advice is read in a second.
    hub = await startHub({ port: 0, cwd: join(ROOT, 'prisma') })
    application = await start(hub.address)
    browser = await openChromium()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    for (const child of children) child.kill('SIGKILL')
    await hub?.close()
    await database?.drop()
  })
  beforeEach(() => {
    hub.history.clear()
    complaints.length = allowed.length = 0
  })
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()))
    expect(complaints.filter((text) => !allowed.some((each) => each.test(text)))).toEqual([])
  })
  return {
    get hub() {
      return hub
    },
    get application() {
      return application
    },
    startApplication: start,
    allow: (complaint) => void allowed.push(complaint),
    open: async (options = {}, address = hub.address) => {
      const context = await browser.newContext(options)
      const page = await context.newPage()
      page.setDefaultTimeout(20_000)
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => complaints.push(message.text()))
      await page.goto(address)
      return page
    },
  }
}

/** The row of the list whose request is called so, the youngest first. */
export function rowOf(page: Page, name: string | RegExp) {
  return page.locator('.grid-space').getByRole('row').filter({ hasText: name }).first()
}

/** Opens the youngest request of that name. */
export async function openRequest(page: Page, name: string): Promise<void> {
  // Its time stands behind it.
  await rowOf(page, new RegExp(`${name}\\d`)).click()
  await page.getByRole('article').getByRole('heading', { level: 2, name }).waitFor()
}

/** A line of the waterfall. */
export function callOf(page: Page, name: string) {
  return page.getByRole('region', { name: 'Calls' }).getByRole('listitem').filter({ hasText: name }).first()
}

/** What a reader of the page cannot use, by axe-core's rules. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const found = await page.evaluate(async () => {
    const { axe: loaded } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
    return (await loaded.run()).violations
  })
  return found.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))
}

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

/** Looks until it is so. */
export async function eventually<T>(look: () => T | Promise<T>, isIt: (value: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const value = await look()
    if (isIt(value) || tries > 200) return value
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

async function startProcess(
  address: string,
  database: string,
  children: Set<ChildProcess>,
): Promise<RunningApplication> {
  const program = join(import.meta.dirname, 'demo-application-run.ts')
  const child = spawn(process.execPath, ['--conditions=@prisma-brisk/source', '--import', 'tsx', program], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_ENV: 'development',
      BRISK_LIVE: address,
      BRISK_LIVE_VALUES: '1',
      APPLICATION_DATABASE: database,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  const printed: string[] = []
  child.stderr.on('data', (text: Buffer) => printed.push(text.toString()))
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('PORT ')) resolve(Number(line.slice(5)))
    })
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${printed.join('')}`)))
  })
  return {
    pid: child.pid as number,
    visit: async (path, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
      await response.arrayBuffer()
      return response.status
    },
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
