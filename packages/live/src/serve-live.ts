import type { Hub, HubOptions } from './hub/hub.ts'
import { openHub } from './hub/open-hub.ts'

/**
 * Starts a hub in this process, says on the console where it is, and lets commands find it: what `brisk({ live: true })` does. The
 * process ends although it listens.
 *
 * @throws LiveInProductionError under `NODE_ENV=production`
 */
export async function serveLive(options: HubOptions = {}): Promise<Hub> {
  const { hub } = await openHub(process.cwd(), options)
  hub.unref()
  process.stderr.write(
    `brisk live: ${hub.address}\n  read it with: brisk requests, brisk request latest, brisk mcp\n`,
  )
  return hub
}
