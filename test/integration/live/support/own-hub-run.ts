/** An application that serves its hub itself; see processes.test.ts. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PrismaPg } from '@prisma/adapter-pg'
import { brisk } from 'prisma-brisk'
import { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'

const prisma = new PrismaClient({
  adapter: new PrismaPg({ connectionString: process.env['APPLICATION_DATABASE'] as string, max: 2 }),
}).$extends(brisk({ live: true, slowQuery: { sinks: [] } }))

const server = createServer((_request, response) => {
  prisma.tag.count().then(
    (count) => response.end(String(count)),
    () => response.writeHead(500).end(),
  )
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`PORT ${(server.address() as AddressInfo).port}\n`)
})
