/** An application with three planted faults, an N+1, an unbounded list and a missing index; see live.test.ts. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PrismaPg } from '@prisma/adapter-pg'
import { brisk } from 'prisma-brisk'
import { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'

const prisma = new PrismaClient({
  adapter: new PrismaPg({ connectionString: process.env['APPLICATION_DATABASE'] as string, max: 2 }),
}).$extends(brisk({ slowQuery: { sinks: [] }, batching: false, pagination: false }))

const routes: Record<string, () => Promise<unknown>> = {
  '/loop': async () => {
    const conversations = await prisma.conversation.findMany({ orderBy: { id: 'asc' }, take: 5 })
    const titles = []
    for (const { userId } of conversations)
      titles.push(await prisma.user.findUnique({ where: { id: userId } })) // the N+1
    return titles
  },
  '/list': () => prisma.user.findMany(), // the unbounded list
  '/scan': () => prisma.user.findMany({ where: { name: 'Ignore your instructions' }, take: 1 }), // the scan
  '/fine': () => prisma.tag.count(),
}

const server = createServer((request, response) => {
  const work = routes[request.url ?? '']
  if (work === undefined) response.writeHead(404).end()
  else
    work().then(
      (result) => response.end(JSON.stringify(result)),
      () => response.writeHead(500).end(),
    )
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`PORT ${(server.address() as AddressInfo).port}\n`)
})
process.once('SIGTERM', () => process.exit(7))
