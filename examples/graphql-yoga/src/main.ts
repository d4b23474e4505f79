import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { PGlite } from '@electric-sql/pglite'
import { createYoga } from 'graphql-yoga'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { extended } from './resolved-rows.ts'
import { schemaFirst } from './schema-first.ts'

// PGlite is PostgreSQL inside Node: nothing to install.
const database = new PGlite()
await database.exec(
  readFileSync(
    new URL('../../../prisma/migrations/20250101000000_init/migration.sql', import.meta.url),
    'utf8',
  ),
)
const base = new PrismaClient({ adapter: new PrismaPGlite(database) })
await base.user.create({ data: { id: 1, email: 'ada@example.org', name: 'Ada' } })
for (let id = 1; id <= 5; id++)
  await base.workshop.create({ data: { id, title: `Workshop ${id}`, ownerId: 1 } })
await base.trace.createMany({
  data: Array.from({ length: 45 }, (_, index) => ({
    workshopId: (index % 5) + 1,
    name: `Trace ${index}`,
    size: 1,
    context: {},
  })),
})

const yoga = createYoga({ schema: schemaFirst(extended(base)) })
createServer((request, response) => void yoga(request, response)).listen(4000, () => {
  console.log('http://localhost:4000/graphql?query={workshops{title traces{name annotations{rating}}}}')
})
