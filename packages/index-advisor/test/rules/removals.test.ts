import { adviceOn } from '../support/small-project.ts'

/** Remarks know of each other: what goes is measured against what stays. */

const TABLE =
  'CREATE TABLE "Post" ("id" INTEGER NOT NULL, "a" INTEGER NOT NULL, "b" INTEGER NOT NULL, "c" INTEGER NOT NULL);\n'
const on = (attributes: string, sql = '', previewFeatures: readonly string[] = []) =>
  adviceOn({
    previewFeatures,
    models: `model Post {\n  id Int @id\n  a Int\n  b Int\n  c Int\n${attributes}\n}`,
    ...(sql === '' ? {} : { migrations: TABLE + sql }),
  })

describe('KA-N5 KA-A2 one index at a time', () => {
  test('KA-N5 an index that Prisma will drop is no ground to drop another', async () => {
    const { remarks } = await on(
      '@@index([a])',
      'CREATE INDEX "Post_a_idx" ON "Post"("a");\nCREATE INDEX cov ON "Post"("a", "b") INCLUDE ("c");',
    )
    expect(remarks).toEqual(['undeclared-index cov'])
  })

  test('KA-N5 one that Prisma leaves alone, on an expression, is no beginning either', async () => {
    const { remarks } = await on(
      '@@index([a])',
      'CREATE INDEX "Post_a_idx" ON "Post"("a");\nCREATE INDEX e ON "Post"("a", abs("b"));',
    )
    expect(remarks).toEqual(['redundant-index Post_a_idx'])
  })

  test('KA-A2 duplicate and redundant at once → said once', async () => {
    const { remarks } = await on('@@unique([a])\n@@index([a])\n@@index([a, b])')
    expect(remarks).toEqual(['duplicate-index Post_a_idx'])
  })

  test('KA-A2 a chain: each goes because of the one that stays', async () => {
    const { reasons } = await on('@@index([a])\n@@index([a, b])\n@@index([a, b, c])')
    expect(reasons).toEqual([
      'Post_a_b_idx is the beginning of Post_a_b_c_idx, which finds all it finds; it can be dropped.',
      'Post_a_idx is the beginning of Post_a_b_c_idx, which finds all it finds; it can be dropped.',
    ])
  })

  test('KA-A2 twins that begin a longer one: each once, never both because of each other', async () => {
    const { remarks } = await on('@@index([a])\n@@index([a], map: "twin")')
    expect(remarks).toEqual(['duplicate-index twin'])
    const longer = await on('@@index([a])\n@@index([a], map: "twin")\n@@index([a, b])')
    expect(longer.remarks).toEqual(['redundant-index Post_a_idx', 'redundant-index twin'])
  })
})

describe('KA-A11 a partial index that nothing declares', () => {
  const partial = 'CREATE INDEX p ON "Post"("a") WHERE "b" IS NOT NULL;'
  test('KA-A11 is left alone by Prisma, and dropped with the preview feature', async () => {
    expect((await on('', partial)).remarks).toEqual([])
    expect((await on('', partial, ['partialIndexes'])).remarks).toEqual(['undeclared-index p'])
  })
})

describe('KA-N3 legacy spellings', () => {
  test.each([
    ['@@index([a, b], name: "old")', 'CREATE INDEX "old" ON "Post"("a", "b");'],
    ['@@unique([a, b], name: "client")', 'CREATE UNIQUE INDEX "Post_a_b_key" ON "Post"("a", "b");'],
    ['@@unique([a, b], map: "db", name: "client")', 'CREATE UNIQUE INDEX "db" ON "Post"("a", "b");'],
  ])('KA-N3 %s is read as the engine reads it', async (attribute, sql) => {
    expect((await on(attribute, sql)).remarks).toEqual([])
  })
})
