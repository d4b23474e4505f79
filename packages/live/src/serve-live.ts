import { announceHub } from './hub/hub-file.ts'
import { startHub, type Hub, type HubOptions } from './hub/hub.ts'

/**
 * Starts a hub in this process, says on the console where it is, and lets commands find it: what `brisk({ live: true })` does. The
 * process ends although it listens.
 *
 * @throws LiveInProductionError under `NODE_ENV=production`
 */
export async function serveLive(options: HubOptions = {}): Promise<Hub> {
  const hub = await startHub(options)
  hub.unref()
  process.once('exit', announceHub({ pid: process.pid, address: hub.address, cwd: process.cwd() }))
  process.stderr.write(
    `brisk live: ${hub.address}\n  read it with: brisk requests, brisk request latest, brisk mcp\n`,
  )
  return hub
}
