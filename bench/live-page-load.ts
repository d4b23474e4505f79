import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { runRequest } from '@prisma-brisk/slow-query'
import type { Browser, Page } from 'playwright-core'
import type { PrismaClient } from '../prisma/generated/postgresql/client.ts'
import { openChromium } from '../test/support/chromium.ts'

/** Bytes of every file of the built page, each gzipped. */
export function pageSize(): number {
  const directory = join(import.meta.dirname, '../packages/live/dist/page')
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => gzipSync(readFileSync(join(entry.parentPath, entry.name))).length)
    .reduce((sum, bytes) => sum + bytes, 0)
}

/** A hub in a process of its own. */
export interface HubProcess {
  readonly address: string
  get(path: string): Promise<unknown>
  report(lines: string): Promise<void>
  end(): void
}

export async function startHubProcess(): Promise<HubProcess> {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', HUB],
    {
      cwd: import.meta.dirname,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  const [address] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  const { origin, searchParams } = new URL(address)
  const headers = { Authorization: `Bearer ${searchParams.get('token')}` }
  return {
    address,
    get: async (path) => (await fetch(`${origin}${path}`, { headers })).json(),
    report: async (body) => {
      await (await fetch(`${origin}/v1/report`, { method: 'POST', headers, body })).arrayBuffer()
    },
    end: () => void child.kill(),
  }
}

const HUB = `import { startHub } from '@prisma-brisk/live'
const hub = await startHub({ port: 0 })
console.log(hub.address)`

/** What a reader of the page waits for. */
export interface PageTimes {
  /** Milliseconds from navigation to a list that answers the keyboard. */
  readonly interactive: number
  /** Milliseconds a frame while the whole list goes by. */
  readonly frame: number
}

/** Loads the page of a hub with so many rows, several times, and scrolls its list from end to end. */
export async function pageTimes(address: string, rows: number): Promise<PageTimes> {
  const browser = await openChromium()
  try {
    const page = await pageOf(browser)
    await page.goto(address)
    await page.addInitScript(firstFocus, rows)
    const interactive: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      await page.goto(new URL('/', address).href)
      interactive.push(await momentOf(page))
    }
    const frame = await page.evaluate(scrolled, FRAMES)
    return { interactive: median(interactive), frame }
  } finally {
    await browser.close()
  }
}

async function pageOf(browser: Browser): Promise<Page> {
  const page = await browser.newPage()
  // Loaders of TypeScript name the functions that run in the page.
  await page.addInitScript('globalThis.__name = (named) => named')
  return page
}

const ROUNDS = 5
const FRAMES = 120

/** Runs in the page: notes when its list has all rows, and a key has moved the focus in it. */
function firstFocus(rows: number): void {
  let first: Element | null = null
  const looked = setInterval(() => {
    const list = document.querySelector('.grid')
    const row = list?.querySelector<HTMLElement>('[data-current]')
    if (Number(list?.getAttribute('aria-rowcount')) <= rows || row == null) return
    if (first === null) {
      first = row
      row.focus()
      row.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }))
    } else if (document.activeElement === row && row !== first) {
      clearInterval(looked)
      Object.assign(globalThis, { interactiveAt: performance.now() })
    }
  }, 5)
}

async function momentOf(page: Page): Promise<number> {
  const handle = await page.waitForFunction(() => (globalThis as { interactiveAt?: number }).interactiveAt)
  return (await handle.jsonValue()) as number
}

/** Runs in the page: the list from its first to its last row, a step each frame. */
async function scrolled(frames: number): Promise<number> {
  const list = document.querySelector('.grid-body') as HTMLElement
  const whole = list.scrollHeight - list.clientHeight
  const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve))
  list.scrollTop = 0
  await nextFrame()
  const began = performance.now()
  for (let frame = 1; frame <= frames; frame++) {
    list.scrollTop = (whole * frame) / frames
    await nextFrame()
  }
  const took = performance.now() - began
  if (list.querySelector(`[aria-rowindex="${Math.round(list.scrollHeight / 48) + 1}"]`) === null)
    throw new Error('the last row was not drawn')
  return took / frames
}

/** Milliseconds from the end of a request of this process to its row on the page, one a request. */
export async function latencies(address: string, prisma: PrismaClient, times: number): Promise<number[]> {
  const browser = await openChromium()
  try {
    const page = await pageOf(browser)
    await page.goto(address)
    await page.getByText('Nothing so far').waitFor()
    await page.evaluate(noteRows)
    const ended = new Map<string, number>()
    for (let index = 0; index < times; index++) {
      const name = `job-${index}`
      await runRequest({ name }, () => prisma.user.findUnique({ where: { id: 1 } }))
      ended.set(name, Date.now())
      await wait(20 + Math.random() * 60)
    }
    await wait(1000)
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: Record<string, number> }).seen)
    return [...ended].map(([name, at]) => (seen[name] ?? Infinity) - at)
  } finally {
    await browser.close()
  }
}

/** Runs in the page: notes when the row of a request that has ended is first there. */
function noteRows(): void {
  const seen: Record<string, number> = {}
  Object.assign(globalThis, { seen })
  new MutationObserver(() => {
    for (const row of document.querySelectorAll('.grid-space .row')) {
      const name = row.querySelector('.path')?.textContent ?? ''
      if (name !== '' && row.querySelector('.number')?.textContent !== 'running') seen[name] ??= Date.now()
    }
  }).observe(document.querySelector('.grid') as Element, {
    childList: true,
    subtree: true,
    characterData: true,
  })
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
