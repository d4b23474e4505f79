// The demo application of `brisk live` as a process of its own, with traffic where it is asked for: see main.ts.
import type { AddressInfo } from 'node:net'

import { seed } from '../../prisma/seed.ts'
import { openDemoDatabase } from '../demo-database.ts'
import { demoApplication } from './application.ts'
import { sendTraffic } from './traffic.ts'

const database = await openDemoDatabase(process.env['DEMO_DATABASE_URL'] ?? null)
await seed(database.adapter(), { factor: 0.02 })
const server = demoApplication(database.adapter()).listen(0, '127.0.0.1', () => {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  console.log(`The demo application answers at ${origin}, on ${database.description}.`)
  if (process.env['DEMO_TRAFFIC'] === '1') void sendTraffic(origin)
})
let closing: Promise<void> | null = null
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void (closing ??= database.close().finally(() => process.exit(0))))
