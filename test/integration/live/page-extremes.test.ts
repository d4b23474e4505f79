import type { Page } from 'playwright-core'
import { eventually, livePage, rowOf, violations } from './support/live-page.ts'

/** The page where what it shows is long, much, little or broken off: as a process may report it. */

const live = livePage()

const PROCESS = {
  type: 'process',
  protocol: 1,
  process: 'p',
  pid: 7,
  name: 'app.js',
  cwd: '/app',
  dropped: 0,
  args: 'kinds',
}

const call = (request: string, number: number, part: object = {}) => ({
  type: 'call',
  request,
  call: number,
  model: 'User',
  operation: 'findUnique',
  at: number,
  ms: 0.6,
  waitMs: 0,
  transactionMs: 0,
  statements: [{ sql: 'SELECT 1', ms: 0.5, rows: 1, fingerprint: 'f', at: number, waitMs: 0 }],
  rowsRead: 1,
  rowsReturned: 1,
  callSite: '/app/src/a.ts:1:1',
  ...part,
})

/** A request of its own with these calls. */
function report(id: string, name: string, calls: readonly object[], end: object | null = {}): void {
  const lines = [
    PROCESS,
    { type: 'request', id, name, time: new Date().toISOString() },
    ...calls,
    ...(end === null ? [] : [{ type: 'request-end', request: id, name, status: 200, ms: 5000, ...end }]),
  ]
  live.hub.take(lines.map((line) => JSON.stringify(line)).join('\n'))
}

async function box(page: Page, selector: string) {
  const found = await page.locator(selector).first().boundingBox()
  if (found === null) throw new Error(`${selector} is not seen`)
  return found
}

test('a loop of 3,000 calls has a bar up to its end, of few parts', async () => {
  const page = await live.open()
  const calls = Array.from({ length: 3000 }, (_, index) => call('loop', index))
  report('loop', 'GET /loop', calls, { ms: 3001 })
  await rowOf(page, '/loop').click()
  await page.getByText('× 3,000').waitFor()
  const bar = await box(page, '.bar')
  const parts = await page
    .locator('.bar .sql')
    .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().right))
  expect(parts.length).toBeLessThan(250)
  expect(Math.max(...parts)).toBeGreaterThan(bar.x + bar.width * 0.98)
  expect(await page.locator('.axis').textContent()).toBe('01 s2 s3 s')
})

test('a long route takes two lines at most, wherever it stands', async () => {
  const page = await live.open()
  const route = `GET /${'very-long-part/'.repeat(60)}`
  report('long', route, [call('long', 1)])
  await rowOf(page, 'very-long').click()
  await page.getByRole('article').getByRole('heading', { level: 2 }).waitFor()
  expect((await box(page, '.request h2')).height).toBeLessThan(60)
  await page.getByRole('navigation').getByRole('link', { name: 'Routes' }).click()
  await page.getByRole('region', { name: 'Routes' }).getByRole('button', { name: 'GET /very' }).waitFor()
  expect((await box(page, 'tbody tr')).height).toBeLessThan(60)
})

test.each([1280, 360])('columns of large numbers do not touch on %s pixels', async (width) => {
  const page = await live.open({ viewport: { width, height: 740 } })
  const [statement] = call('many', 1).statements
  const statements = Array.from({ length: 123 }, () => statement)
  report(
    'many',
    'GET /many',
    Array.from({ length: 100 }, (_, index) => call('many', index, { statements, rowsRead: 1200 })),
    { ms: 61_340 },
  )
  await rowOf(page, '/many').getByText('12,300').waitFor()
  const gaps = await rowOf(page, '/many')
    .getByRole('gridcell')
    .evaluateAll((cells) => {
      const texts = cells.slice(1).flatMap((cell) => {
        const range = document.createRange()
        range.selectNodeContents(cell)
        const box = range.getBoundingClientRect()
        return box.width > 0 ? [box] : []
      })
      return texts.slice(1).map(({ left }, index) => left - texts[index]!.right)
    })
  expect(gaps.length).toBeGreaterThan(0)
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(6)
})

test('all views are reached on 360 pixels without scrolling', async () => {
  const page = await live.open({ viewport: { width: 360, height: 740 } })
  const links = await page
    .getByRole('navigation')
    .getByRole('link')
    .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().right))
  expect(links).toHaveLength(6)
  expect(Math.max(...links)).toBeLessThanOrEqual(360)
})

test('marks of time on a chart differ and are whole; one moment alone has no chart', async () => {
  const page = await live.open()
  await page.addInitScript(() => {
    const drawn: { text: string; right: number; width: number }[] = []
    Object.assign(globalThis, { drawn })
    const { fillText } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
      const right = x + this.measureText(text).width / 2
      if (/^\d\d:/.test(text)) drawn.push({ text, right, width: this.canvas.width })
      fillText.call(this, text, x, y)
    }
  })
  await page.goto(`${live.hub.address}#/batching`)
  await page.reload()
  report('one', 'GET /one', [call('one', 1)])
  await page.getByText('once requests came at two different times').waitFor()
  expect(await page.locator('canvas').count()).toBe(0)
  const shown = await eventually(
    async () => {
      report(`later${Date.now()}`, 'GET /later', [call(`later${Date.now()}`, 1)])
      return page.evaluate(() => [
        ...(globalThis as unknown as { drawn: { text: string; right: number; width: number }[] }).drawn,
      ])
    },
    (drawn) => drawn.length > 0,
  )
  // The latest drawing begins where a mark stands left of the one before it.
  const begin = shown.findLastIndex(({ right }, index) => right <= (shown[index - 1]?.right ?? Infinity))
  const last = shown.slice(begin)
  expect(new Set(last.map(({ text }) => text)).size).toBe(last.length)
  for (const { right, width } of last) expect(right).toBeLessThanOrEqual(width)
})

test('a place is told as the project sees it, in every view', async () => {
  const page = await live.open()
  const [process] = live.hub.history.processes.values()
  live.hub.history.processes.clear()
  report('cached', 'GET /cached', [
    call('cached', 1),
    {
      type: 'cache',
      request: 'cached',
      call: 1,
      callSite: '/app/src/deep/down/a.ts:1:1',
      time: new Date().toISOString(),
      event: 'invalidate',
      model: 'User',
      operation: 'update',
      tags: 1,
    },
  ])
  await page.reload()
  await page.getByRole('navigation').getByRole('link', { name: 'Cache' }).click()
  const place = page.getByRole('region', { name: 'Invalidations' }).getByRole('link')
  expect(await place.textContent()).toBe('src/deep/down/a.ts:1')
  if (process !== undefined) live.hub.history.processes.set(process.process, process)
})

test('what failed is explained by its code, and what was given up is said to be', async () => {
  const page = await live.open()
  const error = { name: 'PrismaClientKnownRequestError', code: 'P2003', driverCode: '23503' }
  report(
    'failed',
    'DELETE /failed',
    [
      call('failed', 1, { error }),
      {
        type: 'problem',
        request: 'failed',
        kind: 'failed-call',
        model: 'User',
        operation: 'findUnique',
        count: 1,
        callSite: '/app/a.ts:1:1',
        title: 'failed: User.findUnique with P2003, 23503',
        mend: 'handle: a foreign key does not hold',
      },
    ],
    { status: 500 },
  )
  report('gone', 'GET /gone', [call('gone', 1)], { status: null, isAborted: true })
  await rowOf(page, '/gone').getByRole('img', { name: 'aborted' }).waitFor()
  await rowOf(page, '/failed').waitFor()
  // Also where all requests are looked at.
  const all = page.getByRole('list', { name: 'Failed requests' })
  await all.getByText('2 requests failed or were given up').waitFor()
  await all.getByRole('button', { name: 'DELETE /failed' }).click()
  const failed = page.getByRole('region', { name: 'What is wrong, and the mend' })
  await failed.getByText('User.findUnique with P2003, 23503').waitFor()
  expect(await failed.textContent()).toMatch(/a\.ts:1.*a foreign key does not hold/)
  await rowOf(page, '/gone').click()
  await page.getByRole('region', { name: 'Aborted' }).waitFor()
  expect(await violations(page)).toEqual([])
})

test('statements that run at once are not said to take longer than their request', async () => {
  const page = await live.open()
  const statement = (at: number) => ({ sql: 'SELECT 1', ms: 8, rows: 1, fingerprint: 'f', at, waitMs: 0 })
  report(
    'at-once',
    'GET /at-once',
    [1, 2].map((number) => call('at-once', number, { statements: [statement(number)] })),
    { ms: 10 },
  )
  await rowOf(page, '/at-once').click()
  const figures = page.locator('.figures')
  expect(await figures.textContent()).toMatch(/In the database9\.00 ms/)
})
