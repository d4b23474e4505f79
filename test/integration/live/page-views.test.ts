import type { Page } from 'playwright-core'
import { eventually, livePage, markedLine, openRequest, rowOf, violations } from './support/live-page.ts'

/** The views of the page beside its list, in every width and light. */

const live = livePage()

/** The last keeps the hub, which is in this process, busy for a while. */
const VIEWS = ['Requests', 'Routes', 'Queries', 'Cache', 'Batching', 'Indexes']

/** What the views need to have something to show. */
async function visitAll(): Promise<void> {
  const { application } = live
  for (const path of ['/users/1', '/users/1', '/conversations', '/conversations/previews', '/dashboard'])
    await application.visit(path)
  await application.visit('/users/1/profile?name=Ada', 'POST')
  await application.visit('/users/1')
  await application.visit('/classes', 'POST')
}

async function view(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name }).click()
  await page.getByRole('article').getByRole('heading', { level: 2 }).waitFor()
}

const cells = (page: Page, table: string, column: number) =>
  page.getByRole('region', { name: table }).locator(`tbody tr td:nth-child(${column})`).allTextContents()

/** Charts that are drawn, once requests came in two different seconds. */
function drawn(page: Page): Promise<number> {
  return eventually(
    async () => {
      await live.application.visit('/users/1')
      return page.locator('.uplot canvas').count()
    },
    (count) => count > 0,
  )
}

test('routes have their times and statements, and sort by any column from the keyboard', async () => {
  const page = await live.open({}, `${live.hub.address}#/routes`)
  await visitAll()
  await rowOf(page, '/classes').waitFor()
  await page.getByRole('cell', { name: 'POST /classes' }).waitFor()
  const header = page.getByRole('columnheader', { name: 'Statements' })
  await header.getByRole('button').focus()
  await page.keyboard.press('Enter')
  expect(await header.getAttribute('aria-sort')).toBe('descending')
  const statements = async () => (await cells(page, 'Routes', 7)).map(Number)
  const falling = await statements()
  expect(falling.length).toBeGreaterThan(5)
  expect(falling).toEqual(falling.toSorted((a, b) => b - a))
  await page.keyboard.press('Enter')
  expect(await header.getAttribute('aria-sort')).toBe('ascending')
  const rising = await statements()
  expect(rising).toEqual(rising.toSorted((a, b) => a - b))
  await page.getByRole('button', { name: 'GET /dashboard' }).click()
  expect(await page.getByLabel('Route').inputValue()).toBe('GET /dashboard')
})

test('a query shows its places and its plan, and leads to its latest request', async () => {
  const page = await live.open({}, `${live.hub.address}#/queries`)
  await visitAll()
  await page
    .getByRole('region', { name: 'Queries' })
    .getByRole('button', { name: /FROM Conversation/ })
    .first()
    .click()
  const opened = page.getByRole('region', { name: 'The chosen statement' })
  expect(await opened.getByRole('link').first().textContent()).toContain('demo/live/application.ts:')
  await opened.getByRole('button', { name: 'Explain' }).click()
  await opened.getByText('Plan, as of now').waitFor()
  await opened.getByRole('button', { name: 'Open the latest request' }).click()
  await page.getByRole('heading', { level: 2, name: /conversations/ }).waitFor()
})

test('an invalidation names the write that caused it, with its place', async () => {
  const page = await live.open({}, `${live.hub.address}#/cache`)
  await visitAll()
  const update = page
    .getByRole('region', { name: 'Invalidations' })
    .getByRole('row')
    .filter({ hasText: 'Profile.update' })
  await update.waitFor()
  expect(await update.getByRole('link').textContent()).toBe(
    `demo/live/application.ts:${markedLine('the invalidation')}`,
  )
  expect(await update.textContent()).toMatch(/4 tags: lists of Profile; \d keys? of (a row|rows)/)
  // Also where it waited for the COMMIT.
  const inTransaction = page
    .getByRole('region', { name: 'Invalidations' })
    .getByRole('row')
    .filter({ hasText: 'QualityLog.create' })
  await inTransaction.getByRole('link').waitFor()
  const profile = page
    .getByRole('region', { name: 'Reads by model' })
    .getByRole('row')
    .filter({ hasText: 'Profile' })
  const [hits, misses] = (await profile.getByRole('cell').allTextContents()).slice(1, 3).map(Number)
  expect((hits ?? 0) + (misses ?? 0)).toBe(3)
  expect(misses).toBeGreaterThan(0)
  expect(await drawn(page)).toBe(1)
})

test('batching shows calls against statements', async () => {
  const page = await live.open({}, `${live.hub.address}#/batching`)
  await visitAll()
  const merged = page
    .getByRole('region', { name: 'Operations' })
    .getByRole('row')
    .filter({ hasText: 'Message.findFirst' })
  await merged.waitFor()
  expect(await merged.getByRole('cell').nth(1).textContent()).toBe('40')
  expect(await merged.getByRole('cell').nth(4).textContent()).toBe('39')
  expect(await drawn(page)).toBe(1)
})

test('the page is dark where the system is, and as the setting says', async () => {
  const page = await live.open({ colorScheme: 'dark' })
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const brightness = async () => Number(/\d+/.exec(await ground())?.[0])
  expect(await brightness()).toBeLessThan(40)
  await page.getByLabel('Theme').selectOption('light')
  expect(await brightness()).toBeGreaterThan(220)
  await page.reload()
  expect(await brightness()).toBeGreaterThan(220)
  await page.getByLabel('Theme').selectOption('system')
  expect(await brightness()).toBeLessThan(40)
})

test.each(['light', 'dark'] as const)(
  'no view has anything that axe-core finds fault with, %s',
  async (colorScheme) => {
    const page = await live.open({ colorScheme })
    await visitAll()
    await rowOf(page, '/classes').waitFor()
    for (const name of VIEWS) {
      await view(page, name)
      if (name === 'Indexes')
        await page.getByRole('heading', { name: 'Findings' }).waitFor({ timeout: 150_000 })
      expect({ name, found: await violations(page) }).toEqual({ name, found: [] })
    }
  },
  240_000,
)

test('nothing scrolls sideways on 360 pixels, and a request closes back to the list', async () => {
  const page = await live.open({ viewport: { width: 360, height: 740 } })
  await visitAll()
  await rowOf(page, '/classes').waitFor()
  const overflow = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  const wide = () =>
    page.evaluate(() => {
      // What scrolls within itself may be wide.
      const main = document.querySelector('main') as HTMLElement
      return main.scrollWidth - main.clientWidth
    })
  expect(await overflow()).toBe(0)
  await openRequest(page, '/conversations')
  await page.getByRole('button', { name: 'User.findUnique' }).first().click()
  await page.getByRole('button', { name: '1 User.findUnique' }).first().click()
  expect([await overflow(), await wide()]).toEqual([0, 0])
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'Close' }).click()
  await rowOf(page, '/conversations').waitFor()
  for (const name of VIEWS.slice(1)) {
    await page.getByRole('navigation').getByRole('link', { name }).click()
    await eventually(
      () => page.getByRole('article').count(),
      (count) => count === 1,
    )
    expect({ name, by: [await overflow(), await wide()] }).toEqual({ name, by: [0, 0] })
  }
})
