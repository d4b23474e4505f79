import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createApp } from './app.ts'
import { observed } from './database.ts'
import { embeddedClient } from './embedded.ts'

const { DATABASE_URL, LOG = 'slow-queries.ndjson' } = process.env
const plain =
  DATABASE_URL === undefined
    ? await embeddedClient()
    : new PrismaClient({ adapter: new PrismaPg({ connectionString: DATABASE_URL }) })
const app = await createApp(observed(plain, LOG))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void app.close())
console.log(`${await app.listen({ port: 3000 })}/metrics`)
