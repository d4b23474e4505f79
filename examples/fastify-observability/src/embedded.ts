import { readFileSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

const schema = new URL('../../../prisma/migrations/20250101000000_init/migration.sql', import.meta.url)

/** A client on PGlite, which is PostgreSQL inside Node: nothing to install. Its tables are filled by another one. */
export async function embeddedClient(): Promise<PrismaClient> {
  const database = new PGlite()
  await database.exec(readFileSync(schema, 'utf8'))
  const client = () => new PrismaClient({ adapter: new PrismaPGlite(database) })
  await fill(client())
  return client()
}

/** Conversations to list, with two messages each. */
export async function fill(prisma: PrismaClient, conversations = 30): Promise<void> {
  const { id: userId } = await prisma.user.create({ data: { email: 'ada@example.org', name: 'Ada' } })
  for (let number = 1; number <= conversations; number++)
    await prisma.conversation.create({
      data: {
        userId,
        title: `Conversation ${number}`,
        messages: {
          create: [
            { role: 'USER', body: 'What is a group?' },
            { role: 'ASSISTANT', body: 'A set with an operation.' },
          ],
        },
      },
    })
}
