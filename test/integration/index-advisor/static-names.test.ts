import { freeIndexName, prismaIndexName } from '../../../packages/index-advisor/src/catalog/index-name.ts'
import type { SchemaReading } from '../../../packages/index-advisor/src/schema/schema-collector.ts'
import { readSchema } from '../../../packages/index-advisor/src/schema/schema-collector.ts'
import { firstMigration } from './support/static-engine.ts'
import { datasource } from './support/static-project.ts'

/** Names of every length around the limit, of one and of several bytes a character. */
function schema(provider: string): string {
  const models: string[] = []
  for (const letter of ['a', 'ä', '€', '😀'])
    for (let length = 8; length <= 60; length += 4) {
      const bytes = Buffer.byteLength(letter)
      const table = `${models.length}${letter.repeat(Math.max(1, Math.floor(length / bytes)))}`
      const column = letter.repeat(Math.max(1, Math.floor((68 - length) / bytes)))
      models.push(`model M${models.length} {
  id Int @id
  x  Int @map("${column}")
  y  Int

  @@index([x])
  @@unique([x, y])
  @@map("${table}")
}`)
    }
  return `${datasource(provider)}\n${models.join('\n\n')}\n`
}

test.each(['postgresql', 'sqlite'] as const)(
  'X9 %s: names are cut as Prisma cuts them, at bytes and between characters',
  async (provider) => {
    const text = schema(provider)
    const { catalog } = (await readSchema([{ file: 'schema.prisma', text }])) as SchemaReading
    const mine = catalog.tables.flatMap((table) =>
      table.indexes.filter((index) => index.kind !== 'primary').map((index) => index.name),
    )
    const sql = await firstMigration(provider, text)
    const prismas = [...sql.matchAll(/^CREATE (?:UNIQUE )?INDEX "([^"]+)"/gm)].map((match) => match[1])
    expect(prismas).toHaveLength(56 * 2)
    expect(new Set(mine)).toEqual(new Set(prismas))
  },
)

test('X9 MySQL: 64 bytes', () => {
  expect(prismaIndexName('mysql', 't'.repeat(40), ['c'.repeat(40)], '_idx')).toBe(
    `${'t'.repeat(40)}_${'c'.repeat(19)}_idx`,
  )
  expect(Buffer.byteLength(prismaIndexName('mysql', 't'.repeat(64), ['c'], '_idx'))).toBe(64)
})

test('X9 names that collide once they are cut get a number, which needs map:', () => {
  const table = 't'.repeat(60)
  const first = freeIndexName('postgresql', table, ['a'], new Set())
  expect(first).toEqual({ name: `${'t'.repeat(59)}_idx`, isDefault: true })
  const second = freeIndexName('postgresql', table, ['b'], new Set([first.name]))
  expect(second).toEqual({ name: `${'t'.repeat(58)}_idx1`, isDefault: false })
  expect(freeIndexName('postgresql', table, ['c'], new Set([first.name, second.name])).name).toBe(
    `${'t'.repeat(58)}_idx2`,
  )
})
