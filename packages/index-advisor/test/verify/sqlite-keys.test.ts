import { createClient } from '@libsql/client'
import { join } from 'node:path'
import { smallFiles } from '../support/small-project.ts'
import { TestProject } from '../support/project.ts'

const POST = 'model Post {\n  id Int @id\n  email String\n  at Int\n  @@index([at])\n}'
const INDEX = 'CREATE INDEX "Post_at_idx" ON "Post"("at")'

test.each([
  [
    'INTEGER PRIMARY KEY',
    '"id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "email" TEXT, "at" INTEGER',
    INDEX,
    0,
  ],
  ['a constraint of the table', '"id" INTEGER, "email" TEXT, "at" INTEGER, PRIMARY KEY ("id")', INDEX, 0],
  ['a key with an index of its own', '"id" BIGINT PRIMARY KEY, "email" TEXT, "at" INTEGER', INDEX, 0],
  ['no key', '"id" INTEGER, "email" TEXT, "at" INTEGER', INDEX, 1],
  ['another key', '"id" INTEGER, "email" TEXT PRIMARY KEY, "at" INTEGER', INDEX, 1],
  ['a lost index', '"id" INTEGER PRIMARY KEY, "email" TEXT, "at" INTEGER', 'SELECT 1', 1],
])('BA6 verify on SQLite: %s (%s)', async (_, columns, more, code) => {
  const project = new TestProject(smallFiles({ provider: 'sqlite', models: POST }))
  const url = `file:${join(project.cwd, 'a.db')}`
  const client = createClient({ url })
  try {
    await client.execute(`CREATE TABLE "Post" (${columns})`)
    await client.execute(more)
    const verified = await project.run('verify', '--database-url', url, '--all')
    expect([verified.code, verified.output.includes('missing')]).toEqual([code, code === 1])
    expect(verified.output).toContain('2 indexes')
  } finally {
    client.close()
    project.remove()
  }
})
