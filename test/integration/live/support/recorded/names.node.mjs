/** Names that nobody should have to commit, and processes of every kind. */
import { fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { job, lookUp, prisma } from './feed.js'

after(() => prisma.$disconnect())

const secret = 'hunter2@example.com'
void test(`finds ${secret} of ${new Date().toISOString()} with ${randomUUID()}`, () => lookUp(secret))
void test('C:\\Users\\me\\"feed" ❯ \u001b[31mred', () => job())
void test('counts by raw SQL', async () => {
  await prisma.$queryRaw`SELECT count(*) FROM "User" WHERE "email" = ${secret}`
  await prisma.$queryRawUnsafe(`SELECT count(*) FROM "User" WHERE "email" = '${secret}'`)
})
void test('has processes of its own', async () => {
  const program = new URL('child.js', import.meta.url)
  await once(fork(program), 'exit')
  spawnSync('sh', ['-c', `cd / && "${process.execPath}" "${program.pathname}"`])
  await once(new Worker(program), 'exit')
})
