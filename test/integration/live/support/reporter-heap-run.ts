/** Makes many calls with large values while the hub takes none of what it is sent; see faults.test.ts. */
import { PrismaPg } from '@prisma/adapter-pg'
import { brisk } from 'prisma-brisk'
import { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'

const gc = (globalThis as { gc?: () => void }).gc as () => void
const prisma = new PrismaClient({
  adapter: new PrismaPg({ connectionString: process.env['APPLICATION_DATABASE'] as string, max: 2 }),
}).$extends(brisk({ slowQuery: { sinks: [] }, batching: false, pagination: false }))

async function calls(count: number): Promise<void> {
  for (let done = 0; done < count; done += 20)
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        prisma.tag.findFirst({ where: { name: { in: [`${done}-${index}-${'x'.repeat(6000)}`] } } }),
      ),
    )
}

function heap(): number {
  gc()
  gc()
  return process.memoryUsage().heapUsed
}

await calls(200)
const before = heap()
await calls(8000)
// The client is in use to the end: what it keeps counts.
console.log(JSON.stringify({ megabytes: (heap() - before) / 1024 / 1024, tags: await prisma.tag.count() }))
process.exit(0)
