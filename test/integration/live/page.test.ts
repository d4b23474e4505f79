import {
  APPLICATION,
  callOf,
  eventually,
  livePage,
  markedLine,
  openRequest,
  rowOf,
  violations,
} from './support/live-page.ts'

/** The page of `brisk live` as a user reads it: what one request did, what is wrong with it, and the mend. */

const live = livePage()

test('a request appears by itself with its badges; opened, its loop is one line that unfolds', async () => {
  const page = await live.open()
  await page.getByText('Nothing so far.').waitFor()
  await live.application.visit('/conversations')
  const listed = rowOf(page, '/conversations')
  await listed.getByText('N+1').waitFor()
  expect(await listed.textContent()).toMatch(/^200GET\/conversations/)
  expect(await listed.getByRole('gridcell').nth(3).textContent()).toBe('39')

  await openRequest(page, '/conversations')
  const loop = callOf(page, 'User.findUnique')
  expect(await loop.textContent()).toContain('× 38')
  await loop.getByRole('button', { name: 'User.findUnique' }).click()
  expect(await loop.getByRole('listitem').count()).toBe(38)

  const line = markedLine('the N+1')
  const place = loop.getByRole('link').first()
  expect(await place.getAttribute('href')).toMatch(new RegExp(`^vscode://file${APPLICATION}:${line}:\\d+$`))
  await page.getByLabel('Editor').selectOption('Cursor')
  expect(await place.getAttribute('href')).toMatch(/^cursor:\/\/file/)
  await page.getByLabel('Editor').selectOption('WebStorm')
  expect(await place.getAttribute('href')).toMatch(
    new RegExp(`^webstorm://open\\?file=${encodeURIComponent(APPLICATION)}&line=${line}&column=\\d+$`),
  )
  await page.reload()
  expect(await page.getByLabel('Editor').inputValue()).toBe('webstorm')

  // One call of it, with its statement laid out.
  await callOf(page, 'Conversation.findMany').getByRole('button').first().click()
  const sql = page.locator('pre.sql').first()
  await sql.getByText('ORDER BY').waitFor()
  expect((await sql.textContent())?.split('\n').length).toBeGreaterThan(5)
})

test('what is wrong comes with its mend: the fix, and a prompt for an agent, are copied', async () => {
  const page = await live.open({ permissions: ['clipboard-read', 'clipboard-write'] })
  await live.application.visit('/conversations')
  const card = page.getByRole('listitem').filter({ hasText: 'N+1: User.findUnique 38 times' })
  await card.getByText('load them with their parent').waitFor()
  expect(await card.getByRole('link').first().textContent()).toMatch(
    new RegExp(`application\\.ts:${markedLine('the N+1')}$`),
  )
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText())
  await card.getByRole('button', { name: 'Copy fix' }).click()
  await card.getByText('Copied').waitFor()
  expect(await clipboard()).toBe(
    "prisma.conversation.findMany({ orderBy: { createdAt: 'desc' }, take: 38, include: { user: true } })",
  )
  await card.getByRole('button', { name: 'Copy as prompt' }).click()
  const prompt = await eventually(clipboard, (text) => text.startsWith('Mend'))
  expect(prompt).toContain(`Where: ${APPLICATION}:${markedLine('the N+1')}`)
  await card.getByRole('button', { name: 'GET /conversations' }).click()
  await page.getByRole('heading', { level: 2, name: '/conversations' }).waitFor()
})

test('values are hidden until asked for, markup in them is text, and Explain shows the plan', async () => {
  const page = await live.open()
  const value = '<script>window.stolen = 1</script><img src=x onerror="window.stolen = 2">'
  await live.application.visit(`/users?name=${encodeURIComponent(value)}`)
  await rowOf(page, '/users').getByText('sequential scan').waitFor()
  await openRequest(page, '/users')
  await callOf(page, 'User.findMany').getByRole('button').first().click()
  const detail = callOf(page, 'User.findMany')
  expect(await detail.textContent()).toContain('{ where: { name: ••• }, take: ••• }')
  expect(await page.content()).not.toContain('stolen')
  await detail.getByRole('button', { name: 'Show values' }).click()
  expect(await detail.textContent()).toContain(`name: ${JSON.stringify(value)}`)
  expect(await page.evaluate(() => 'stolen' in globalThis)).toBe(false)

  await detail.getByRole('button', { name: 'Explain' }).click()
  await detail.getByText('Plan, as of now').waitFor()
  expect(await detail.locator('.plan').textContent()).toMatch(/Seq Scan User/)
})

test('names that a process makes up are text and lead nowhere', async () => {
  const page = await live.open()
  const evil = '<img src=x onerror="window.stolen=1">'
  const about = {
    type: 'process',
    protocol: 1,
    process: evil,
    pid: 7,
    name: evil,
    cwd: evil,
    dropped: 0,
    args: 'values',
  }
  const statement = { sql: evil, ms: 1, rows: 1, fingerprint: 'f', at: 0, waitMs: 0, plan: { evil } }
  const call = {
    type: 'call',
    request: 'evil-1',
    call: 1,
    model: evil,
    operation: evil,
    at: 0,
    ms: 1,
    waitMs: 0,
    transactionMs: 0,
    statements: [statement],
    rowsRead: 1,
    rowsReturned: 1,
    callSite: 'javascript:window.stolen=1:3:4',
    args: { [evil]: evil },
  }
  live.hub.take(
    [
      about,
      { type: 'request', id: 'evil-1', name: evil, time: new Date().toISOString() },
      call,
      {
        type: 'problem',
        request: 'evil-1',
        kind: 'n-plus-one',
        model: evil,
        operation: evil,
        count: 3,
        callSite: call.callSite,
        title: evil,
        mend: evil,
      },
      { type: 'request-end', request: 'evil-1', name: evil, status: 200, ms: 2 },
    ]
      .map((line) => JSON.stringify(line))
      .join('\n'),
  )
  await rowOf(page, evil).click()
  await page.getByRole('region', { name: 'Calls' }).getByRole('button').first().click()
  await page.locator('pre.code').first().waitFor()
  for (const tab of ['Routes', 'Queries', 'Cache', 'Batching'])
    await page.getByRole('navigation').getByRole('link', { name: tab }).click()
  expect(await page.evaluate(() => 'stolen' in globalThis)).toBe(false)
  expect(await page.locator('img, a[href^="javascript"]').count()).toBe(0)
})

test('merged calls, cut lists, transactions and failures are told', async () => {
  const page = await live.open()
  await live.application.visit('/conversations/previews')
  await live.application.visit('/conversations/previews')
  await rowOf(page, '/conversations/previews').getByText('merged').waitFor()
  await openRequest(page, '/conversations/previews')
  expect(await callOf(page, 'Message.findFirst').textContent()).toMatch(/× 40.*40 calls, [12] statement/)
  expect(await page.getByRole('region', { name: 'What the suite saved' }).textContent()).toMatch(
    /39 statements not sent: 39 calls merged into statements of others/,
  )

  await live.application.visit('/annotations')
  await rowOf(page, '/annotations').getByText('limited').waitFor()
  await openRequest(page, '/annotations')
  await callOf(page, 'Annotation.findMany').getByRole('button').first().click()
  await page.getByText('50 rows (default); there were more, which were cut off').waitFor()

  await live.application.visit('/classes', 'POST')
  await rowOf(page, '/classes').waitFor()
  await openRequest(page, '/classes')
  expect(await callOf(page, 'ClassSession.create').textContent()).toMatch(/BEGIN [\d.]+ ms/)
  expect(await callOf(page, 'QualityLog.create').textContent()).toMatch(/COMMIT [\d.]+ ms/)

  await live.application.visit('/tags?name=twice', 'POST')
  expect(await live.application.visit('/tags?name=twice', 'POST')).toBe(500)
  const failed = rowOf(page, '500')
  await failed.getByText('failed').waitFor()
  await failed.click()
  await callOf(page, 'Tag.create').getByRole('button').first().click()
  await page.getByText('P2002').first().waitFor()
})

test('the list is used with the keyboard alone', async () => {
  const page = await live.open()
  for (const path of ['/users/1', '/conversations', '/users/2']) await live.application.visit(path)
  await eventually(
    () => page.locator('.grid-space').getByRole('row').count(),
    (count) => count === 3,
  )
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '')
  await page.keyboard.press('/')
  await page.keyboard.type('conv')
  expect(await page.locator('.grid-space').getByRole('row').count()).toBe(1)
  await page.keyboard.press('Escape')
  expect(await focused()).toContain('/conversations')
  await page.keyboard.press('/')
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Delete')
  await page.keyboard.press('Escape')
  await page.keyboard.press('End')
  expect(await eventually(focused, (text) => text.includes('/users/:id'))).toContain('/users/:id')
  await page.keyboard.press('ArrowUp')
  expect(await focused()).toContain('/conversations')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 2, name: '/conversations' }).waitFor()

  // On to the loop, which Enter unfolds.
  await eventually(
    async () => {
      await page.keyboard.press('Tab')
      return focused()
    },
    (text) => text.includes('× 38'),
  )
  await page.keyboard.press('Enter')
  expect(await callOf(page, '× 38').getByRole('listitem').count()).toBe(38)
  await page.keyboard.press('Escape')
  expect(await page.evaluate(() => location.hash)).toBe('#/requests')
  expect(await focused()).toContain('/conversations')
})

test('filters, pause and clear', async () => {
  const page = await live.open()
  for (const path of ['/users/7', '/users/7', '/conversations', '/exercises'])
    await live.application.visit(path)
  const rows = page.locator('.grid-space').getByRole('row')
  const count = (wanted: number) =>
    eventually(
      () => rows.count(),
      (found) => found === wanted,
    )
  expect(await count(4)).toBe(4)
  await page.getByLabel('Route').selectOption('GET /users/:id')
  expect(await count(2)).toBe(2)
  await page.getByLabel('Route').selectOption('')
  await page.getByRole('button', { name: 'cached' }).click()
  expect(await count(1)).toBe(1)
  expect(await page.getByRole('status').filter({ hasText: '1 of 4' }).count()).toBe(1)
  await page.getByRole('button', { name: 'cached' }).click()

  await page.getByRole('button', { name: 'Pause' }).click()
  await live.application.visit('/dashboard')
  await page.getByRole('button', { name: 'Resume · 1 new' }).waitFor()
  expect(await rows.count()).toBe(4)
  await page.getByRole('button', { name: 'Resume' }).click()
  expect(await count(5)).toBe(5)
  await page.getByRole('button', { name: 'Clear' }).click()
  expect(await count(0)).toBe(0)
  expect(live.hub.history.all()).toEqual([])
})

test('a request is read without axe-core finding fault, closed and unfolded', async () => {
  const page = await live.open()
  await live.application.visit('/conversations')
  await rowOf(page, '/conversations').getByText('N+1').waitFor()
  expect(await violations(page)).toEqual([])
  await openRequest(page, '/conversations')
  await callOf(page, '× 38').getByRole('button').first().click()
  await callOf(page, '× 38').getByRole('listitem').first().getByRole('button').first().click()
  await callOf(page, '× 38').locator('pre.sql').first().waitFor()
  expect(await violations(page)).toEqual([])
})
