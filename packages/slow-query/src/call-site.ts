import { fileURLToPath } from 'node:url'

/**
 * The place in the user's code where a call was made: `file:line:column` of the first frame of a V8 stack that
 * belongs neither to Prisma, nor to this suite, nor to Node, nor to a dependency.
 */
export function callSiteOf(stack: string | null): string | null {
  if (stack === null) return null
  for (const line of stack.split('\n')) {
    const place = placeOf(line)
    if (place !== null && !foreign.some((part) => place.includes(part))) return place
  }
  return null
}

/**
 * The place that awaits what has just settled, from a stack made at that moment: V8 follows the promises up through Prisma.
 * What lies below Prisma is ours, or a middleware's. Null where the promises lead nowhere.
 */
export function awaitingSiteOf(stack: string | undefined): string | null {
  // Behind it stands who began the interactive transaction.
  const lines = stack?.split(/^.*_transactionWithCallback/m, 1)[0]?.split('\n') ?? []
  const prisma = lines.findLastIndex((line) => /[/\\]@prisma[/\\]client[/\\]/.test(line))
  return prisma < 0 ? null : callSiteOf(lines.slice(prisma + 1).join('\n'))
}

const foreign = ['/node_modules/', '\\node_modules\\', 'node:', '<anonymous>', '/@prisma/', '[eval']

/** `    at async load (file:///app/src/load.ts:3:14)` → `/app/src/load.ts:3:14`. */
function placeOf(line: string): string | null {
  const at = line.indexOf('at ')
  if (at < 0 || line.slice(0, at).trim() !== '') return null
  const open = line.lastIndexOf('(')
  const place =
    open >= 0 ? line.slice(open + 1, line.lastIndexOf(')')) : line.slice(at + 3).replace(/^async /, '')
  if (!/:\d+:\d+$/.test(place)) return null
  return place.startsWith('file:') ? decoded(place) : place
}

function decoded(place: string): string {
  const position = /:\d+:\d+$/.exec(place)?.[0] ?? ''
  try {
    return fileURLToPath(place.slice(0, -position.length)) + position
  } catch {
    return place
  }
}
