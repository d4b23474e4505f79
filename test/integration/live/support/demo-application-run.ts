/** The demo application on the database of a test; see page.test.ts. */
import type { AddressInfo } from 'node:net'
import { PrismaPg } from '@prisma/adapter-pg'
import { demoApplication } from '../../../../demo/live/application.ts'

const adapter = new PrismaPg({ connectionString: process.env['APPLICATION_DATABASE'] as string, max: 4 })
const server = demoApplication(adapter).listen(0, '127.0.0.1', () => {
  process.stdout.write(`PORT ${(server.address() as AddressInfo).port}\n`)
})
