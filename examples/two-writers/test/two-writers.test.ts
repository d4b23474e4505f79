import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { installTriggersSql } from '@prisma-brisk/cache/postgres-triggers'
import { parseSchema } from '@prisma-brisk/core'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../../test/support/databases.ts'
import { pause } from '../../../test/support/server-process.ts'
import { extended, type Database } from '../src/database.ts'
import { createService } from '../src/service.ts'

const run = promisify(execFile)
let database: TestDatabase<PrismaClient>
let prisma: Database
let service: Server
let origin: string

const psql = (...words: string[]) => run('psql', [database.url, '-q', '-v', 'ON_ERROR_STOP=1', ...words])
const imported = (difficulty: number) =>
  psql('-v', `difficulty=${difficulty}`, '-f', join(import.meta.dirname, '../import.sql'))

beforeAll(async () => {
  database = await createDatabase('postgresql')
  const schema = parseSchema(readFileSync('prisma/schema.prisma', 'utf8'), 'inline')
  await psql('-c', installTriggersSql(schema))
  prisma = extended(database.createClient(), database.url)
  await prisma.$cache.untilLive()
  service = createService(prisma).listen(0)
  origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
})
afterAll(async () => {
  service.close()
  await database.drop()
})

async function difficulty(): Promise<{ value: number; cache: string | null }> {
  const response = await fetch(`${origin}/exercises/fractions`)
  const body = (await response.json()) as { difficulty: number }
  return { value: body.difficulty, cache: response.headers.get('x-cache') }
}

test('what a psql script writes is answered, and what nobody writes stays cached', async () => {
  await imported(1)
  for (let turn = 0; turn < 500 && (await difficulty().catch(() => null))?.value !== 1; turn++)
    await pause(10)
  await difficulty()
  expect(await difficulty()).toEqual({ value: 1, cache: 'hit' })
  await imported(3)
  for (let turn = 0; turn < 500 && (await difficulty()).value !== 3; turn++) await pause(10)
  await difficulty()
  expect(await difficulty()).toEqual({ value: 3, cache: 'hit' })
  const health = await fetch(`${origin}/health`)
  expect([health.status, await health.json()]).toMatchObject([200, { state: 'live' }])
})
