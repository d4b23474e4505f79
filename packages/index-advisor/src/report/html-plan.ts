import type { PlanNode } from '../planner/plan.ts'
import { escapeHtml, type Html, html, raw } from './html-text.ts'

const WIDTH = 250
const HEIGHT = 62
const GAP_X = 18
const GAP_Y = 34

interface Box {
  readonly node: PlanNode
  readonly x: number
  readonly y: number
  readonly parent: Box | null
}

/**
 * A plan as a tree, root on top: what each step does, on what, with how many rows; the redder, the larger its own
 * share of the cost. Conditions are in the tooltip.
 */
export function drawPlan(plan: unknown): Html {
  if (!isPlanNode(plan)) return raw('')
  const boxes: Box[] = []
  const width = place(plan, 0, 0, null, boxes)
  const height = Math.max(...boxes.map((box) => box.y)) + HEIGHT
  const total = Math.max(plan.cost, 1e-9)
  const lines = boxes.flatMap((box) => {
    if (box.parent === null) return []
    const [x1, y1, x2, y2] = [box.parent.x + WIDTH / 2, box.parent.y + HEIGHT, box.x + WIDTH / 2, box.y]
    const middle = (y1 + y2) / 2
    const thickness = 1 + Math.min(5, Math.log10(Math.max(1, box.node.rows)))
    return [
      `<path class="edge" d="M${x2} ${y2} C${x2} ${middle} ${x1} ${middle} ${x1} ${y1}" stroke-width="${thickness.toFixed(1)}"/>`,
    ]
  })
  const svg = boxes.map((box) => drawBox(box, ownCost(box.node) / total)).join('')
  return html`<div class="plan">
    ${raw(
      `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeHtml(describe(plan))}">${lines.join('')}${svg}</svg>`,
    )}
  </div>`
}

function drawBox({ node, x, y }: Box, share: number): string {
  const heat = Math.round(Math.min(1, Math.max(0, share)) * 100)
  const subject = [node.relation, node.index].filter((part) => part !== null).join(' · ')
  const tooltip = [describe(node), ...node.conditions, ...node.sort.map((key) => `Sort: ${key}`)].join('\n')
  return (
    `<g class="node" transform="translate(${x} ${y})"><title>${escapeHtml(tooltip)}</title>` +
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="7" style="--heat:${heat}%"/>` +
    `<text class="type" x="12" y="20">${escapeHtml(cut(node.type, 32))}</text>` +
    `<text class="subject" x="12" y="37">${escapeHtml(cut(subject, 38))}</text>` +
    `<text class="numbers" x="12" y="53">cost ${number(node.cost)} · ${number(node.rows)} rows</text></g>`
  )
}

/** Places the tree below `y`, from `x` on; returns how wide it is. A parent stands over the middle of its children. */
function place(node: PlanNode, x: number, y: number, parent: Box | null, boxes: Box[]): number {
  const below = Math.max(
    WIDTH,
    node.children.reduce((sum, child) => sum + widthOf(child) + GAP_X, -GAP_X),
  )
  const box: Box = { node, x: x + (below - WIDTH) / 2, y, parent }
  boxes.push(box)
  let at = x + (below - childrenWidth(node)) / 2
  for (const child of node.children) at += place(child, at, y + HEIGHT + GAP_Y, box, boxes) + GAP_X
  return below
}

function widthOf(node: PlanNode): number {
  return Math.max(WIDTH, childrenWidth(node))
}

function childrenWidth(node: PlanNode): number {
  return node.children.reduce(
    (sum, child) => sum + widthOf(child) + GAP_X,
    node.children.length > 0 ? -GAP_X : 0,
  )
}

/** What the step adds to its inputs. */
function ownCost(node: PlanNode): number {
  return Math.max(0, node.cost - node.children.reduce((sum, child) => sum + child.cost, 0))
}

function describe(node: PlanNode): string {
  const on = node.relation === null ? '' : ` on ${node.relation}`
  const using = node.index === null ? '' : ` using ${node.index}`
  return `${node.type}${on}${using}, cost ${number(node.cost)}, ${number(node.rows)} rows`
}

function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Math.round(value * 10) / 10)
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

function isPlanNode(plan: unknown): plan is PlanNode {
  return typeof plan === 'object' && plan !== null && 'type' in plan && 'children' in plan
}
