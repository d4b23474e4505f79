import { adviceOn } from '../../../packages/index-advisor/test/support/small-project.ts'
import { firstMigration } from './support/static-engine.ts'

/** What Prisma's schema engine makes of a relation without an `onDelete`, and what the advisor takes for it. */

const one = '@relation(fields: [a], references: [id])'
const two = '@relation(fields: [a, b], references: [id, k])'
const relations = [
  ['a Int?', `Parent? ${one}`],
  ['a Int', `Parent ${one}`],
  ['a Int', `Parent? ${one}`],
  ['a Int?\n  b Int', `Parent? ${two}`],
  ['a Int\n  b Int?', `Parent? ${two}`],
  ['a Int?\n  b Int?', `Parent? ${two}`],
  ['a Int\n  b Int', `Parent ${two}`],
] as const

test('FL-D2 the default of each kind of relation is that of the engine, composite keys included', async () => {
  const models = relations
    .map(
      ([fields, relation], at) => `
model Parent${at} {
  id   Int      @id
  k    Int
  rows Child${at}[]
  @@unique([id, k])
}
model Child${at} {
  id     Int      @id
  ${fields}
  parent ${relation.replace('Parent', `Parent${at}`)}
}`,
    )
    .join('\n')
  const sql = await firstMigration('postgresql', `datasource db {\n  provider = "postgresql"\n}\n${models}`)
  const { run } = await adviceOn({ models })
  const tables = run.reading?.catalog.tables ?? []
  for (const [at, relation] of relations.entries()) {
    const [, action] =
      new RegExp(`ALTER TABLE "Child${at}".*?ON DELETE (CASCADE|SET NULL|RESTRICT|NO ACTION)`).exec(sql) ?? []
    const [key] = tables.find((each) => each.model === `Child${at}`)?.foreignKeys ?? []
    const taken = key?.onDelete.replace(/(?<=[a-z])(?=[A-Z])/, ' ').toUpperCase()
    expect([relation, taken]).toEqual([relation, action])
  }
}, 60_000)
