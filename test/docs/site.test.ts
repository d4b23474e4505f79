import type { Browser, Page } from 'playwright-core'
import { openChromium } from '../support/chromium.ts'
import { BuiltSite } from './support/built-site.ts'
import { overflowOf } from './support/page-overflow.ts'

/** The pages of the documentation as their readers get them: built, and laid out by a browser on a phone and on a laptop. */

const phone = 390
const laptop = 1280

let browser: Browser
let site: BuiltSite

beforeAll(async () => {
  ;[site, browser] = await Promise.all([BuiltSite.build(), openChromium()])
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

test('KN15 on every page, 390 and 1,280 px wide, nothing is cut or scrolls sideways', async () => {
  const foreign: string[] = []
  const found: Record<string, string[]> = {}
  const waiting = [...site.pages]
  const look = async (): Promise<void> => {
    const page = await openPage(laptop, foreign)
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      await page.goto(`${site.origin}${path}`)
      for (const width of [phone, laptop]) {
        await page.setViewportSize({ width, height: 900 })
        const overflow = await overflowOf(page)
        if (overflow.length > 0) found[`${path}, ${width} px`] = overflow
      }
    }
    await page.close()
  }
  await Promise.all([look(), look()])
  expect(site.pages.length).toBeGreaterThan(20)
  expect(found).toEqual({})
  expect(foreign).toEqual([])
}, 120_000)

test('KN15 what is too wide is found: a block of code, words in a cell, a picture; and a column of prose without room', async () => {
  const page = await openPage(laptop, [])
  const planted: Record<string, string> = {
    pre: `<div class="language-ts"><pre style="white-space: pre; overflow: auto">${'code '.repeat(60)}</pre></div>`,
    td: `<table style="table-layout: fixed; width: 200px"><tbody><tr><td style="white-space: nowrap">${'word '.repeat(20)}</td></tr></tbody></table>`,
    img: '<img width="2000" height="10" style="max-width: none">',
    tr: `<table style="width: 80px"><tbody><tr><td>${'prose '.repeat(40)}</td></tr></tbody></table>`,
  }
  for (const [element, html] of Object.entries(planted)) {
    await page.goto(`${site.origin}/limits.html`)
    const before = await overflowOf(page)
    await page.evaluate(
      (text) => document.querySelector('.vp-doc')!.insertAdjacentHTML('beforeend', text),
      html,
    )
    const after = await overflowOf(page)
    expect([before, after]).toEqual([[], expect.arrayContaining([expect.stringMatching(`^${element} `)])])
  }
  await page.close()
})

test('every link to a heading leads to one', () => {
  const path = (url: URL) => url.pathname.replace(/(\/index)?(\.html)?$/, '')
  const pages = site.pages.map((page) => ({ url: new URL(page, site.origin), html: site.read(page) }))
  const headings = new Map(
    pages.map(({ url, html }) => [path(url), [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)]),
  )
  const links = pages.flatMap(({ url, html }) =>
    [...html.matchAll(/<a[^>]* href="([^":]*#[^"]+)"/g)].map(([, href]) => ({
      from: url.pathname,
      to: new URL(href!, url),
    })),
  )
  expect(links.length).toBeGreaterThan(100)
  const dead = links.filter(({ to }) => headings.get(path(to))?.includes(to.hash.slice(1)) !== true)
  expect(dead.map(({ from, to }) => `${from}: ${to.pathname}${to.hash}`)).toEqual([])
})

/** A page as the server wrote it, before any script: that is laid out at once. It asks no other host; what it wanted is noted. */
async function openPage(width: number, foreign: string[]): Promise<Page> {
  const page = await browser.newPage({ javaScriptEnabled: false, viewport: { width, height: 900 } })
  await page.route('**', (route) => {
    const url = route.request().url()
    if (url.startsWith(site.origin) || url.startsWith('data:')) return route.continue()
    foreign.push(url)
    return route.abort()
  })
  return page
}
