import { pagination, type CursorPage } from '@prisma-brisk/pagination'
import { createDatabase, type Provider } from '../../support/databases.ts'

interface Client {
  value: {
    createMany(args: object): Promise<unknown>
    findMany(args: object): Promise<{ id: number }[]>
    cursorPage(args: object): Promise<CursorPage<{ id: number }>>
  }
  $executeRawUnsafe(sql: string): Promise<unknown>
}

async function withValues(
  provider: Provider,
  run: (client: Client, statements: () => number) => Promise<void>,
) {
  const database = await createDatabase(provider as 'postgresql', { schema: 'key-types' })
  try {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
    const paged = client.$extends(pagination({ cursor: { secret: 'the secret of these tests' } }))
    await run(paged as unknown as Client, () => log.statements.length)
  } finally {
    await database.drop()
  }
}

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  )

async function walked(client: Client, args: object): Promise<number[]> {
  const ids: number[] = []
  let after: string | null = null
  do {
    const page: CursorPage<{ id: number }> = await client.value.cursorPage({ ...args, first: 2, after })
    ids.push(...page.items.map(({ id }) => id))
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null
  } while (after !== null)
  return ids
}

test.each<[Provider, string[]]>([
  ['postgresql', ['timestamp6', 'time', 'money', 'bytes', 'json']],
  ['mysql', ['timestamp6', 'time', 'real', 'bytes', 'json']],
  ['sqlite', ['bytes', 'json']],
])(
  'P20 on %s columns whose values no cursor carries exactly are refused before anything is sent',
  async (provider, fields) => {
    await withValues(provider, async (client, statements) => {
      for (const field of fields)
        expect([field, await code(client.value.cursorPage({ orderBy: { [field]: 'asc' } }))]).toEqual([
          field,
          'E_UNSUPPORTED_ORDER',
        ])
      expect(statements()).toBe(0)
    })
  },
)

test('P20 NaN and infinity are passed by, and refused where a cursor would have to carry them', async () => {
  await withValues('postgresql', async (client) => {
    await client.$executeRawUnsafe(
      `INSERT INTO "Value" (id, double) VALUES (1, 1.5), (2, 'NaN'), (3, '-Infinity'), (4, 2.5), (5, 'NaN')`,
    )
    const args = { orderBy: { double: 'asc' }, select: { id: true } }
    const page = await client.value
      .cursorPage({ ...args, first: 5 })
      .catch((error: { code: string }) => error.code)
    expect(page).toBe('E_UNSUPPORTED_ORDER')
    // From a row in between to the end, across a NaN that is on no edge.
    const inner = await client.value.cursorPage({ ...args, where: { id: { in: [1, 2, 4] } }, first: 2 })
    expect(inner.items.map(({ id }) => id)).toEqual([1, 4])
  })
})

test('P20 on MySQL a text longer than what it sorts by is refused at the edge of a page', async () => {
  await withValues('mysql', async (client) => {
    await client.$executeRawUnsafe('ALTER TABLE `Value` MODIFY `varChar` VARCHAR(1000)')
    await client.value.createMany({
      data: [
        { id: 1, varChar: 'a' },
        { id: 2, varChar: 'b'.repeat(251) },
      ],
    })
    expect(await code(client.value.cursorPage({ orderBy: { varChar: 'asc' }, first: 1 }))).toBe('no error')
    expect(await code(client.value.cursorPage({ orderBy: { varChar: 'asc' }, first: 2 }))).toBe(
      'E_UNSUPPORTED_ORDER',
    )
  })
})

test.each<[Provider, string[]]>([
  [
    'postgresql',
    [
      `ALTER TYPE "level_of_risk" RENAME TO "old"`,
      `CREATE TYPE "level_of_risk" AS ENUM ('high level', 'low level')`,
      `ALTER TABLE "Value" ALTER COLUMN "level" TYPE "level_of_risk" USING "level"::text::"level_of_risk"`,
    ],
  ],
  ['mysql', ["ALTER TABLE `Value` MODIFY `level` ENUM('high level', 'low level')"]],
])(
  'P20 on %s an enum is walked in the order it has in the database, not in the schema',
  async (provider, alter) => {
    await withValues(provider, async (client) => {
      for (const sql of alter) await client.$executeRawUnsafe(sql)
      const levels = ['LOW', 'HIGH', null, 'LOW', 'HIGH', 'HIGH']
      await client.value.createMany({ data: levels.map((level, index) => ({ id: index + 1, level })) })
      for (const sort of ['asc', 'desc']) {
        const orderBy = [{ level: sort }, { id: 'asc' }]
        const sorted = await client.value.findMany({ orderBy })
        expect(await walked(client, { orderBy: { level: sort } })).toEqual(sorted.map(({ id }) => id))
      }
    })
  },
)
