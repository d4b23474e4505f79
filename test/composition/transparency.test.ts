import { brisk } from 'prisma-brisk'
import { createDatabase } from '../support/databases.ts'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { foreignExtensions } from './foreign-extensions.ts'
import { recordRun, type Outcome } from './recorded-run.ts'

/** With everything on and limits at 'allow', every Prisma operation returns what plain Prisma returned. */

let plain: Outcome[]

async function run(extend: (client: PrismaClient) => unknown): Promise<Outcome[]> {
  const database = await createDatabase('postgresql')
  try {
    return await recordRun(
      extend(database.createClient({ adapter: database.adapter({ connections: 3 }) })) as PrismaClient,
    )
  } finally {
    await database.drop()
  }
}

beforeAll(async () => {
  plain = await run((client) => client)
})

const everything = {
  pagination: { onMissing: 'allow', onExceeded: 'allow' },
  cache: {
    models: {
      User: { ttl: 60, swr: 30 },
      Tag: { ttl: 60 },
      Conversation: { ttl: 60 },
      Movement: { ttl: 60 },
      Message: { ttl: 60 },
    },
  },
} as const

test('the run itself succeeds and fails where it should', () => {
  const failed = plain.filter((outcome) => 'error' in outcome).map((outcome) => outcome.step)
  expect(failed).toEqual([
    'findUniqueOrThrow, none',
    'findFirstOrThrow, none',
    'update, none',
    'unique violation',
    'foreign key violation',
    'unknown argument',
    'wrong type',
    'missing argument',
    '$queryRaw, error',
    'array transaction that fails',
    'interactive transaction that fails',
    'delete, none',
  ])
})

describe('each part alone, every pair, and all together', () => {
  const parts = ['batching', 'cache', 'pagination', 'slowQuery', 'resilience'] as const
  const sets: (readonly string[])[] = [
    ...parts.map((part) => [part]),
    ...parts.flatMap((one, index) => parts.slice(index + 1).map((other) => [one, other])),
    [...parts],
  ]
  test.each(sets.map((set) => [set.join(' + '), set] as const))('%s', async (_, set) => {
    const options = Object.fromEntries(
      parts.map((part) => [
        part,
        set.includes(part) ? ((everything as Record<string, object>)[part] ?? {}) : false,
      ]),
    )
    expect(await run((client) => client.$extends(brisk(options)))).toEqual(plain)
  })
})

describe('among foreign extensions', () => {
  test.each(foreignExtensions.map(({ name, extend }) => [name, extend] as const))(
    '%s before, after and around',
    async (_, extend) => {
      const alone = await run((client) => extend(client))
      const last = await run((client) => (extend(client) as PrismaClient).$extends(brisk(everything)))
      expect(last).toEqual(alone)
      const first = await run((client) => extend(client.$extends(brisk(everything)) as never))
      expect(first).toEqual(alone)
    },
  )
})
