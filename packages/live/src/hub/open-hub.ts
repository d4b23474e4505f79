import { announceHub, hubIdentity, keepIdentity } from './hub-file.ts'
import { startHub, type Hub, type HubOptions } from './hub.ts'

/** A hub of a project, and how it is closed so that nobody looks for it any more. */
export interface OpenHub {
  readonly hub: Hub
  close(): Promise<void>
}

/**
 * Starts the hub of a project where the one before was, so that processes that still run and pages that are still open go on with it,
 * and lets commands find it.
 *
 * @throws LiveInProductionError under `NODE_ENV=production`
 * @throws PortError where the port is taken
 */
export async function openHub(cwd: string, options: HubOptions = {}): Promise<OpenHub> {
  const { token, port: formerPort } = hubIdentity(cwd)
  const hub = await startHub({ cwd, token, formerPort, ...options })
  keepIdentity(cwd, { token, port: hub.port })
  const withdraw = announceHub({ pid: process.pid, address: hub.address, cwd })
  process.once('exit', withdraw)
  return {
    hub,
    close: async () => {
      process.off('exit', withdraw)
      withdraw()
      await hub.close()
    },
  }
}
