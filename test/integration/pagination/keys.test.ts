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
    await run(paged, () => log.statements.length)
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
        { id: 2, varChar: 'b'.repeat(257) },
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

test('KR-A a filter that moves from page to page is walked under a name, and the error without one says so', async () => {
  await withValues('sqlite', async (client) => {
    const times = [1, 2, 3, 4, 5].map((minute) => new Date(Date.UTC(2020, 0, 1, 0, minute)))
    await client.value.createMany({ data: times.map((timestamp, index) => ({ id: index + 1, timestamp })) })
    const args = () => ({
      where: { timestamp: { lte: new Date() } },
      orderBy: { timestamp: 'asc' },
      first: 2,
    })
    const named = { filterName: 'until now' }
    const first = await client.value.cursorPage({ ...args(), ...named })
    const after = first.pageInfo.endCursor
    const second = await client.value.cursorPage({ ...args(), ...named, after })
    expect(second.items.map(({ id }) => id)).toEqual([3, 4])
    expect(await code(client.value.cursorPage({ ...args(), after }))).toBe('E_CURSOR_MISMATCH')
    expect(await code(client.value.cursorPage({ ...args(), filterName: 'another', after }))).toBe(
      'E_CURSOR_MISMATCH',
    )
    await expect(client.value.cursorPage({ ...args(), after })).rejects.toThrow(
      'give all pages one filterName',
    )
    expect(await code(client.value.cursorPage({ ...args(), filterName: '' }))).toBe('E_INVALID_PAGE')
  })
})
