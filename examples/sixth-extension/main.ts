import { readFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { brisk } from 'prisma-brisk'
import { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { changeFeed } from './change-feed.ts'

const database = new PGlite()
await database.exec(
  readFileSync(new URL('../../prisma/migrations/20250101000000_init/migration.sql', import.meta.url), 'utf8'),
)
const prisma = new PrismaClient({ adapter: new PrismaPGlite(database) })
  .$extends(changeFeed())
  .$extends(brisk())

prisma.$changes.subscribe((models) =>
  console.log('written:', models === '*' ? 'anything' : [...models].join(', ')),
)

await prisma.user.create({ data: { email: 'ada@example.org', name: 'Ada' } })
await prisma.user.findMany({ take: 10 })

await prisma.$transaction(async (tx) => {
  await tx.conversation.create({ data: { userId: 1, title: 'Engines' } })
  console.log('inside the transaction: nothing yet')
})

await prisma
  .$transaction(async (tx) => {
    await tx.user.update({ where: { id: 1 }, data: { name: 'Augusta' } })
    throw new Error('changed my mind')
  })
  .catch(() => console.log('rolled back: nothing was written'))

await prisma.$disconnect()
await database.close()
