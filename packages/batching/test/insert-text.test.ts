import { parseSchema, type Model } from '@prisma-brisk/core'
import { insertOfRows } from '../src/insert-text.ts'

const { models } = parseSchema(
  `
  datasource db {
    provider = "postgresql"
  }
  enum Role {
    STUDENT
    TUTOR
  }
  model User {
    id        Int      @id @default(autoincrement())
    name      String   @map("the, \\"name\\" (full)")
    age       Int
    role      Role     @default(STUDENT)
    createdAt DateTime @default(now())
  }`,
  'inline',
)
const user = models.get('User') as Model
const table = '"public"."User"'
const columns = '"the, ""name"" (full)","age","role","createdAt"'
const one = {
  sql: `INSERT INTO ${table} (${columns}) VALUES ($1,$2,CAST($3::text AS "public"."Role"),$4) RETURNING "public"."User"."id"`,
  args: ['ada', 36, 'STUDENT', 'now'],
  argTypes: ['text', 'int', 'enum', 'datetime'],
}
const data = [
  { age: 36, name: 'ada' },
  { name: 'bob', age: 40 },
  { name: '$1) VALUES (', age: 0 },
]

test('B36 each row has its own values in the places of the first’s, and the same of what it leaves out', () => {
  expect(insertOfRows(one, table, user, data)).toEqual({
    sql:
      `INSERT INTO ${table} (${columns}) VALUES ` +
      `($1,$2,CAST($3::text AS "public"."Role"),$4), ($5,$6,CAST($7::text AS "public"."Role"),$8), ` +
      `($9,$10,CAST($11::text AS "public"."Role"),$12) RETURNING "public"."User"."id"`,
    args: ['ada', 36, 'STUDENT', 'now', 'bob', 40, 'STUDENT', 'now', '$1) VALUES (', 0, 'STUDENT', 'now'],
    argTypes: [...one.argTypes, ...one.argTypes, ...one.argTypes],
  })
})

const changed = (from: string | RegExp, to: string) => ({ ...one, sql: one.sql.replace(from, to) })

test.each<[string, typeof one, Record<string, unknown>[]?]>([
  ['another statement', changed('INSERT', 'UPDATE')],
  ['another table', changed('"User" (', '"Users" (')],
  ['nothing returned', changed(/ RETURNING .*/, '')],
  ['several rows', changed(' RETURNING', ', ($5,$6,$7,$8) RETURNING')],
  ['a value without a placeholder', changed('$2', '36')],
  ['placeholders in another order', changed('$1,$2', '$2,$1')],
  ['a placeholder twice', changed('$2,', '$2+$2,')],
  ['a placeholder of more digits', changed('$2,', '$22,')],
  ['an expression with a value more', changed('$2,', '$2+$4,')],
  ['a column more', changed('"age",', '"age","weight",')],
  ['more values than placeholders', { ...one, args: [...one.args, 5] }],
  ['types of fewer values', { ...one, argTypes: one.argTypes.slice(1) }],
  ['a value that was changed', { ...one, args: ['ADA', 36, 'STUDENT', 'now'] }],
  ['a given field that has no place', one, [{ name: 'ada', age: 36, id: 1 }]],
])('B36 what Prisma does not write is not guessed at: %s', (_, query, rows = data) => {
  expect(insertOfRows(query, table, user, rows)).toBeNull()
})
