import type { Hub } from '@prisma-brisk/live'
import type { LiveTarget } from '@prisma-brisk/slow-query'

type Live = typeof import('@prisma-brisk/live')
/** Put together: a bundler of the application would follow the name into a tool of development, and into all that it needs. */
const HUB = ['@prisma-brisk', 'live'].join('/')

let hub: Promise<Hub> | null = null
let origin: string | null = null

/** The hub of this process, made once, with the first report. */
const target: LiveTarget = {
  origin: () => origin,
  send: async (lines) => (await (hub ??= open())).take(lines),
  questions: async (process) => (await (hub ??= open())).questions(process),
}

/** What `brisk({ live: true })` reports to. */
export function ownHub(): LiveTarget {
  return target
}

async function open(): Promise<Hub> {
  try {
    const { serveLive } = (await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ HUB)) as Live
    const served = await serveLive()
    origin = new URL(served.address).origin
    return served
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    process.emitWarning(
      code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
        ? 'prisma-brisk: brisk({ live: true }) needs @prisma-brisk/live, which is not installed: npm install --save-dev @prisma-brisk/live; queries go on.'
        : `prisma-brisk: brisk({ live: true }) could not start: ${message}`,
      { type: 'PrismaBriskWarning', code: 'W_LIVE_MISSING' },
    )
    throw error
  }
}
