import type { Page } from 'playwright-core'

/** Rows of a table higher than this are a column of prose that has been given no room. */
const HIGHEST_ROW = 320

/**
 * What a reader of the open page would have to scroll for sideways, or could not see at all: the page itself, tables,
 * blocks of code, words in a cell and whatever else is wider than its place; and rows of tables that are towers.
 */
export async function overflowOf(page: Page): Promise<string[]> {
  return page.evaluate((highestRow) => {
    const found = new Map<Element, string>()
    const root = document.documentElement
    const words = (element: Element) => (element.textContent ?? '').trim().replace(/\s+/g, ' ').slice(0, 60)
    const report = (element: Element, what: string) => {
      found.set(element, `${element.tagName.toLowerCase()} “${words(element)}” ${what}`)
    }
    if (root.scrollWidth > root.clientWidth)
      report(root, `is ${root.scrollWidth} px wide in ${root.clientWidth}`)
    const boxes = 'table, tr, th, td, pre, p, li, dt, dd, h1, h2, h3, h4'
    for (const element of document.querySelectorAll(`:is(.vp-doc, .VPHero) :is(${boxes})`)) {
      if (element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1) {
        report(element, `is ${element.scrollWidth} px wide in ${element.clientWidth}`)
      }
      const isRow = getComputedStyle(element).display === 'table-row'
      if (isRow && element.clientHeight > highestRow) report(element, `is ${element.clientHeight} px high`)
    }
    for (const element of document.querySelectorAll('.VPContent *')) {
      // What stands within a box that is too wide already is too wide with it.
      if (element.parentElement?.closest('svg, pre, table, .visually-hidden') != null) continue
      const { right } = element.getBoundingClientRect()
      if (right > root.clientWidth + 1) report(element, `ends at ${Math.round(right)} px`)
    }
    return [...found.values()]
  }, HIGHEST_ROW)
}
