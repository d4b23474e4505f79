import { parseSchema } from '@prisma-brisk/core'
import { isSignedBy } from '../../src/entry/stamp.ts'
import { readTags } from '../../src/tag/read-tags.ts'
import { TagNames } from '../../src/tag/tag-names.ts'
import { writeTags } from '../../src/tag/write-tags.ts'

/** Two deployments of one application on one database: what one writes, the other's entries rest on. */

const names = new TagNames('ns')
const host = { provider: 'postgresql' } as const

const readBy = (schema: string, model: string, operation: string, args: object) =>
  readTags(
    names,
    parseSchema(schema, 'inline'),
    { model, operation, args: args as never, dataPath: [], hasForeignBehind: false },
    [],
  )
const writtenBy = (schema: string, model: string, operation: string, args: object, result: unknown) =>
  writeTags(
    names,
    parseSchema(schema, 'inline'),
    { model, operation, args: args as never, dataPath: [], host },
    result,
  )

const keyed = (key: string, rest = '') => `
model T {
  id    Int    @id
  t     Int
  k     ${key}
  title String

  @@unique([t, k])
}
${rest}`

test.each([
  [
    'an enum whose values have other names',
    keyed('K', 'enum K {\n  LIVE @map("live")\n  DONE @map("done")\n}'),
    keyed('K', 'enum K {\n  ACTIVE @map("live")\n  DONE @map("done")\n}'),
  ],
  ['another type', keyed('Boolean'), keyed('Int')],
  ['another type of the database', keyed('String'), keyed('String @db.Char(8)')],
])('C2 C20 rows by a key that another deployment reads as %s rest on the table', (_, one, other) => {
  const read = readBy(one, 'T', 'findUnique', { where: { id: 1 } })
  const written = writtenBy(other, 'T', 'update', { where: { id: 1 }, data: { title: 'new' } }, null)
  expect(read.keySet?.tag).toBe(written.rows?.tag)
  expect(read.keySet?.signature).not.toBe(written.rows?.signature)
  const same = writtenBy(one, 'T', 'update', { where: { id: 1 }, data: { title: 'new' } }, null)
  expect(read.keySet?.signature).toBe(same.rows?.signature)
  expect(isSignedBy('', read.keySet?.signature as string)).toBe(false)
})

const implicit = `
model Post {
  id   Int   @id
  tags Tag[]
}
model Tag {
  id    Int    @id
  posts Post[]
}`
const explicit = `
model Post {
  id   Int       @id
  tags PostTag[]
}
model Tag {
  id    Int       @id
  posts PostTag[]
}
model PostTag {
  postId Int  @map("A")
  tagId  Int  @map("B")
  post   Post @relation(fields: [postId], references: [id], onDelete: Cascade)
  tag    Tag  @relation(fields: [tagId], references: [id], onDelete: Cascade)

  @@id([postId, tagId])
  @@map("_PostToTag")
}`

const meet = (read: readonly string[], written: readonly string[]) =>
  read.filter((tag) => written.includes(tag))

test('C2 C20 the rows of a join table that is a model of one deployment, and not of the other', () => {
  const linked = writtenBy(
    implicit,
    'Post',
    'update',
    { where: { id: 1 }, data: { tags: { connect: { id: 2 } } } },
    { id: 1 },
  )
  for (const [operation, args] of [
    ['findMany', {}],
    ['findMany', { where: { postId: 1 } }],
    ['findUnique', { where: { postId_tagId: { postId: 1, tagId: 2 } } }],
  ] as const)
    expect(meet(readBy(explicit, 'PostTag', operation, args).asked, linked.tags)).not.toEqual([])
  const created = writtenBy(
    explicit,
    'PostTag',
    'create',
    { data: { postId: 1, tagId: 1 } },
    { postId: 1, tagId: 1 },
  )
  const read = readBy(implicit, 'Post', 'findMany', { include: { tags: true } })
  expect(meet(read.asked, created.tags)).not.toEqual([])
  expect(
    meet(readBy(implicit, 'Post', 'findMany', { where: { tags: { some: {} } } }).asked, created.tags),
  ).not.toEqual([])
  // What does not go by the links stays.
  expect(meet(readBy(implicit, 'Post', 'findMany', {}).asked, created.tags)).toEqual([])
})
