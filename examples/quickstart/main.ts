// Thirty lines, no server: PGlite is PostgreSQL inside Node.
import { readFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { brisk } from 'prisma-brisk'
import { PrismaClient } from '../../prisma/generated/postgresql/client.ts'

const database = new PGlite()
await database.exec(
  readFileSync(new URL('../../prisma/migrations/20250101000000_init/migration.sql', import.meta.url), 'utf8'),
)
const prisma = new PrismaClient({ adapter: new PrismaPGlite(database) }).$extends(
  brisk({ pagination: { defaultLimit: 50 } }),
)

const users = Array.from({ length: 50 }, (_, index) => ({
  email: `user${index}@example.org`,
  name: `User ${index}`,
}))
await prisma.user.createMany({ data: users })
await prisma.conversation.createMany({
  data: users.map((_, index) => ({ userId: index + 1, title: `About ${index}` })),
})

// Fifty reads in one moment become one statement.
const lists = await Promise.all(
  users.map((_, index) => prisma.conversation.findMany({ where: { userId: index + 1 } })),
)
console.log(`${lists.length} lists, ${prisma.$batching.stats().statements} statement`)

// The second read comes from memory, until a write changes the row.
const read = () =>
  prisma.$cache.withInfo(() => prisma.user.findUnique({ where: { id: 1 }, cacheStrategy: { ttl: 60 } }))
console.log((await read()).info.status, (await read()).info.status)
await prisma.user.update({ where: { id: 1 }, data: { name: 'Ada' } })
console.log((await read()).info.status, (await read()).data?.name)

await prisma.$disconnect()
await database.close()
