import { parseSchema, type Model } from '@prisma-brisk/core'
import { completed, isExpandable } from '../../src/create/client-defaults.ts'
import { insertOfRows } from '../../src/create/insert-text.ts'

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
  }
  model Note {
    id        String    @id @default(uuid())
    label     String    @default("none")
    isShared  Boolean?
    tags      String[]
    size      BigInt?
    changedAt DateTime  @updatedAt
  }
  model Short {
    id   Int    @id @default(autoincrement())
    code String @default(cuid())
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

test('B36 what Prisma makes for each row is made for each row, or by Prisma', () => {
  const note = models.get('Note') as Model
  const rows = [{ label: 'a' }, { label: 'b' }]
  expect(isExpandable(note, rows)).toBe(true)
  const ids = rows.map((row) => completed(row, note))
  expect(ids).toEqual(rows.map((row) => ({ ...row, id: expect.stringMatching(/^[0-9a-f-]{36}$/) })))
  expect(ids[0]?.['id']).not.toBe(ids[1]?.['id'])
  expect(completed({ id: 'mine' }, note)).toEqual({ id: 'mine' })
  const short = models.get('Short') as Model
  expect(isExpandable(short, [{ id: 1 }, { id: 2 }])).toBe(false)
  expect(isExpandable(short, [{ code: 'a' }, { code: 'b' }])).toBe(true)
})

test.each<[string, Record<string, unknown>]>([
  ['null', { isShared: null }],
  ['a text for a boolean', { isShared: 'true' }],
  ['a list', { tags: ['a'] }],
  ['a large number', { size: 1n }],
  ['a time', { changedAt: new Date() }],
  ['half a character', { label: '\udc00' }],
])('B36 Prisma writes %s', (_, row) => {
  const note = models.get('Note') as Model
  expect(isExpandable(note, [row])).toBe(false)
  expect(isExpandable(note, [{ label: '😀', isShared: false }])).toBe(true)
})
