// The pictures of the page of `brisk live`, light and dark, from the demo application:
//   npm run build && node --conditions=@prisma-brisk/source --import tsx scripts/draw-live-page.ts
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'

import { startHub } from '@prisma-brisk/live'
import type { Page } from 'playwright-core'

import { openChromium } from '../test/support/chromium.ts'
import { buildPage } from './build-page.ts'
import { ROOT } from './workspace.ts'

const FIGURES = join(ROOT, 'docs/figures')
/** On PostgreSQL where `DEMO_DATABASE_URL` names a server: times are then those that people know. */
const VISITS = [
  'GET /exercises',
  'GET /users/3',
  'GET /annotations',
  'POST /tags?name=geometry',
  'POST /tags?name=geometry',
  'GET /dashboard',
  'GET /users?name=Ada',
  'GET /conversations/previews',
  'POST /classes',
  'GET /users/1',
  'POST /users/1/profile?name=Ada',
  'GET /users/1',
  'GET /users/1',
  'GET /conversations',
  'GET /users/1',
]

const built = await buildPage()
if (built.code !== 0) throw new Error(built.output)
const hub = await startHub({ port: 0 })
const application = spawn(
  process.execPath,
  ['--conditions=@prisma-brisk/source', '--import', 'tsx', join(ROOT, 'demo/live/application-run.ts')],
  {
    env: { ...process.env, BRISK_LIVE: hub.address, BRISK_LIVE_VALUES: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
const [line] = (await once(createInterface({ input: application.stdout }), 'line')) as [string]
const origin = /http:\/\/[\d.:]+/.exec(line)?.[0] as string
// The first round is that of a cold start.
for (let round = 0; round < 3; round++) {
  if (round === 2) hub.history.clear()
  for (const visit of VISITS) {
    const [method, path] = visit.split(' ') as [string, string]
    await (await fetch(`${origin}${path}`, { method })).arrayBuffer()
    await wait(round === 2 ? 700 : 50)
  }
}
const browser = await openChromium()
for (const colorScheme of ['light', 'dark'] as const) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme })
  await page.goto(hub.address)
  await drawn(page, `live-request-${colorScheme}`, async () => {
    await page
      .locator('.row')
      .filter({ hasText: '/conversations' })
      .filter({ hasText: 'N+1' })
      .first()
      .click()
    await page.getByText('× 38').first().waitFor()
  })
  if (colorScheme === 'light') continue
  await drawn(page, 'live-cache-dark', async () => {
    await page.getByRole('link', { name: 'Cache' }).click()
    await page.locator('.uplot canvas').waitFor()
  })
}
await browser.close()
application.kill('SIGTERM')
await once(application, 'exit')
await hub.close()

async function drawn(page: Page, name: string, show: () => Promise<void>): Promise<void> {
  await show()
  await page.mouse.move(0, 0)
  await wait(500)
  await page.screenshot({ path: join(FIGURES, `${name}.png`) })
  console.log(`wrote docs/figures/${name}.png`)
}
