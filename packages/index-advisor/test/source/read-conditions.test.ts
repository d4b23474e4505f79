import { adviceOn, type SmallProject } from '../support/small-project.ts'

/** An unread condition is not an absent one. */

const models = `
model User {
  id       Int      @id
  tenantId Int
  name     String
  posts    Post[]
  profile  Profile?
  @@index([tenantId])
}
model Profile {
  id     Int  @id
  user   User @relation(fields: [userId], references: [id])
  userId Int  @unique
}
model Post {
  id        Int       @id
  author    User?     @relation(fields: [authorId], references: [id])
  authorId  Int?
  status    Int
  title     String
  createdAt DateTime
  comments  Comment[]
  @@index([authorId])
}
model Comment {
  id        Int      @id
  post      Post     @relation(fields: [postId], references: [id])
  postId    Int
  text      String
  createdAt DateTime
  @@index([postId])
}`
const on = async (source: string, more: Partial<SmallProject> = {}) =>
  (await adviceOn({ models, source, ...more })).ids
const latest = (where: string, parameters = 'id: number', model = 'post') =>
  on(
    `export const q = (${parameters}) => prisma.${model}.findMany({ where: ${where}, orderBy: { createdAt: 'desc' }, take: 5 })\n`,
  )

describe('BA5 a column compared with a column is no value', () => {
  test.each([
    ['{ status: { gt: prisma.post.fields.authorId } }', []],
    ['{ status: { equals: prisma.post.fields.authorId } }', []],
    ['{ status: { gt: (prisma as any).post.fields.authorId } }', []],
    ['{ status: { gt: other } }', []],
    ['{ authorId: 1, status: { equals: prisma.post.fields.id } }', ['Post(authorId, createdAt)']],
    ['{ status: { equals: id } }', ['Post(status, createdAt)']],
  ])('BA5 %s', async (where, expected) => {
    const source = `const { fields } = prisma.post\nconst other = fields.authorId\n`
    const query = `export const q = (id: number) => prisma.post.findMany({ where: ${where}, orderBy: { createdAt: 'desc' }, take: 5 })\n`
    expect(await on(source + query)).toEqual(expected)
  })
})

test.each([
  ["WHERE ${Prisma.join(all, ' AND ')}", []],
  ["WHERE (${Prisma.join(all, ' AND ')})", []],
  ["WHERE status > 0 AND ${Prisma.join(all, ' AND ')}", ['Post(status)']],
  ["WHERE NOT ${Prisma.join(all, ' OR ')}", []],
  ["WHERE status = ${id} AND ${Prisma.join(all, ' AND ')}", ['Post(status, createdAt)']],
  ['WHERE 1 = 1', ['Post(createdAt)']],
])('BA9 a condition put together at run time is unread: %s', async (where, expected) => {
  const text = `SELECT * FROM "Post" ${where} ORDER BY "createdAt" DESC LIMIT 5`
  expect(
    await on(`export const q = (id: number, all: Prisma.Sql[]) => prisma.$queryRaw\`${text}\`\n`),
  ).toEqual(expected)
})

describe('KA-A1 equality across a relation on the key is an equality on the foreign key', () => {
  test.each([
    ['{ author: { id } }'],
    ['{ author: { is: { id } } }'],
    ['{ AND: [{ author: { id } }] }'],
    ['{ AND: { author: { id: { equals: id } } } }'],
    ['{ author: { AND: [{ id }] } }'],
    ['{ author: { id, name: "x" } }'],
    ['{ author: { id }, title: { contains: "x" } }'],
  ])('KA-A1 %s', async (where) => {
    expect(await latest(where)).toEqual(expect.arrayContaining(['Post(authorId, createdAt)']))
    expect(await latest(where)).not.toContain('Post(createdAt)')
  })

  test.each([
    ['a list of parents, without a sort', '{ author: { id: { in: [id, 2] } } }', []],
    ['only sometimes there', '{ ...(id ? { author: { id } } : {}) }', ['Post(createdAt)']],
  ])('KA-A1 %s', async (_, where, expected) => {
    const ids =
      expected.length > 0
        ? await latest(where)
        : await on(`export const q = (id: number) => prisma.post.findMany({ where: ${where} })\n`)
    expect(ids).toEqual(expected)
  })

  test('KA-A1 what the child has of the key, through some; not through none', async () => {
    const users = (quantifier: string) =>
      on(
        `export const q = (id: number) => prisma.user.findMany({ where: { posts: { ${quantifier}: { authorId: id } }, tenantId: 1 }, orderBy: { name: 'asc' }, take: 5 })\n`,
      )
    expect(await users('some')).toEqual([])
    expect(await users('none')).toEqual(['User(tenantId, name)'])
  })

  test('KA-A1 a grandparent’s key is the parent’s foreign key, not the child’s', async () => {
    expect(await latest('{ post: { author: { id } } }', 'id: number', 'comment')).toEqual([])
    expect(await latest('{ post: { id } }', 'id: number', 'comment')).toEqual(['Comment(postId, createdAt)'])
  })

  test('KA-A1 composite references: each column for itself', async () => {
    const composite = `
model Room {
  hotelId Int
  number  Int
  floor   Int
  slots   Slot[]
  @@id([hotelId, number])
}
model Slot {
  id      Int      @id
  room    Room     @relation(fields: [hotel, nr], references: [hotelId, number])
  hotel   Int
  nr      Int
  at      DateTime
  @@index([hotel, nr])
}`
    const slots = (where: string) =>
      on(
        `export const q = (h: number, n: number) => prisma.slot.findMany({ where: { room: ${where} }, orderBy: { at: 'asc' }, take: 3 })\n`,
        { models: composite },
      )
    expect(await slots('{ hotelId: h, number: n }')).toEqual(['Slot(hotel, nr, at)'])
    expect(await slots('{ hotelId: h }')).toEqual(['Slot(hotel, at)'])
    expect(await slots('{ floor: h }')).toEqual(['Room(floor)'])
  })
})

describe('KA-A1 the same in SQL', () => {
  const sql = (text: string) => on(`export const q = (id: number) => prisma.$queryRaw\`${text}\`\n`)
  const sorted = 'ORDER BY p."createdAt" DESC LIMIT 6'

  test.each([
    `SELECT p.id FROM "Post" p LEFT JOIN "User" u ON u.id = p."authorId" WHERE (u.id = \${id} AND u.id IS NOT NULL) ${sorted}`,
    `SELECT p.id FROM "Post" p JOIN "User" u ON u.id = p."authorId" AND u.id = \${id} ${sorted}`,
    `SELECT p.id FROM "Post" p, "User" u WHERE u.id = p."authorId" AND u.id = \${id} ${sorted}`,
    `SELECT p.id FROM "Profile" f JOIN "User" u ON u.id = f."userId" JOIN "Post" p ON p."authorId" = u.id WHERE f."userId" = \${id} ${sorted}`,
    `SELECT p.id FROM "Post" p WHERE EXISTS (SELECT 1 FROM "User" u WHERE u.id = p."authorId" AND u.id = \${id}) ${sorted}`,
    `SELECT p.id FROM "Post" p WHERE p."authorId" IN (SELECT u.id FROM "User" u WHERE u.id = \${id}) ${sorted}`,
  ])('KA-A1 %s', async (text) => {
    expect(await sql(text)).toEqual(['Post(authorId, createdAt)'])
  })

  test.each([
    [
      'the ON of an outer join keeps no row of its left side away',
      `SELECT p.id FROM "Post" p LEFT JOIN "User" u ON u.id = p."authorId" AND u.id = \${id} AND p.status = 3 ${sorted}`,
      ['Post(createdAt)'],
    ],
    [
      'what is asked of another table alone promises no order',
      `SELECT p.id FROM "Post" p JOIN "User" u ON u.id = p."authorId" WHERE u."tenantId" = \${id} ${sorted}`,
      [],
    ],
    [
      'a subquery that is not read promises none',
      `SELECT p.id FROM "Post" p WHERE EXISTS (SELECT 1 FROM "Comment" c WHERE c."postId" = p.id) ${sorted}`,
      [],
    ],
  ])('KA-A1 %s', async (_, text, expected) => {
    expect(await sql(text)).toEqual(expected)
  })
})

describe('KA-B3 there is a parent, or none', () => {
  test.each([
    ['{ author: { is: null }, title: "x" }', ['Post(authorId, title)']],
    ['{ author: null, title: "x" }', ['Post(authorId, title)']],
    ['{ author: { isNot: null }, title: "x" }', ['Post(title)']],
    ['{ author: { isNot: null } }', []],
  ])('KA-B3 %s', async (where, expected) => {
    expect(await on(`export const q = () => prisma.post.findMany({ where: ${where} })\n`)).toEqual(expected)
  })

  test('KA-B3 a sort alone beside isNot: null; none beside the absence of a child', async () => {
    expect(await latest('{ author: { isNot: null } }')).toEqual(['Post(createdAt)'])
    const users = `export const q = () => prisma.user.findMany({ where: { profile: null }, orderBy: { name: 'asc' }, take: 3 })\n`
    expect(await on(users)).toEqual([])
  })
})

describe('KA-B4 nested writes look for rows too', () => {
  const write = (posts: string) =>
    on(
      `export const q = (id: number, status: number) => prisma.user.update({ where: { id }, data: { posts: ${posts} } })\n`,
    )

  test.each([
    ['{ deleteMany: { status } }', ['Post(authorId, status)']],
    ['{ deleteMany: [{ status }, { title: "x" }] }', ['Post(authorId, status)', 'Post(authorId, title)']],
    [
      '{ updateMany: { where: { status, title: "x" }, data: { title: "b" } } }',
      ['Post(authorId, status, title)'],
    ],
    ['{ deleteMany: {} }', []],
    [
      '{ update: { where: { id: 3 }, data: { comments: { deleteMany: { text: "x" } } } } }',
      ['Comment(postId, text)'],
    ],
    ['{ create: { status, title: "x", comments: { create: { text: "x" } } } }', []],
  ])('KA-B4 %s', async (posts, expected) => {
    expect(await write(posts)).toEqual(expected)
  })

  test('KA-B4 in upsert and in a write of the parent', async () => {
    expect(
      await on(
        `export const q = (id: number) => prisma.user.upsert({ where: { id }, create: {}, update: { posts: { deleteMany: { title: 'x' } } } })\n`,
      ),
    ).toEqual(['Post(authorId, title)'])
    expect(
      await on(
        `export const q = (id: number) => prisma.post.update({ where: { id }, data: { author: { update: { posts: { deleteMany: { status: 1 } } } } } })\n`,
      ),
    ).toEqual(['Post(authorId, status)'])
  })
})

describe('KA-N2 what could not be read', () => {
  test.each([
    ['a spread of something unknown', '{ ...filters() }', 'filters: () => any'],
    ['a filter on the parent', '{ author: { name: "x" } }', 'id: number'],
    ['a filter on the children', '{ comments: { some: { text: "x" } } }', 'id: number'],
    ['the whole where', 'where', 'where: any'],
    ['a key that is not known', '{ [id]: 1 }', 'id: string'],
  ])('KA-N2 %s: a sort alone is not advised', async (_, where, parameters) => {
    expect((await latest(where, parameters)).filter((id) => id.includes('createdAt'))).toEqual([])
  })

  test.each([
    [
      'beside an equality that was read',
      '{ status: id, ...filters() }',
      'id: number, filters: () => any',
      ['Post(status, createdAt)'],
    ],
    [
      'only in some calls',
      '{ ...(q ? { OR: [{ title: q }, { status: 1 }] } : {}) }',
      'q?: string',
      ['Post(createdAt)'],
    ],
    [
      'a where that may be absent',
      'q ? { title: q } : undefined',
      'q?: string',
      ['Post(createdAt)', 'Post(title, createdAt)'],
    ],
    [
      'a range of the sorted column',
      '{ createdAt: { gt: new Date() }, author: { name: "x" } }',
      'q?: string',
      ['Post(createdAt)', 'User(name)'],
    ],
  ])('KA-N2 %s', async (_, where, parameters, expected) => {
    expect((await latest(where, parameters)).filter((id) => id !== 'User(name)')).toEqual(
      expected.filter((id) => id !== 'User(name)'),
    )
  })

  test.each([
    ['= null', '(id = null) => { if (!id) return []; return', '}'],
    ['= null, no guard', '(id = null) =>', ''],
    ['= undefined', '(id = undefined) => { if (!id) return []; return', '}'],
    ['a destructured default', '({ id = null }) => { if (id === null) return []; return', '}'],
    ['let', '(given) => { let id = null; if (given) id = given; return', '}'],
    [
      'an option of a default object',
      '(options = { id: null }) => { const { id } = options; if (!id) return []; return',
      '}',
    ],
  ])('KA-N2 JavaScript infers too much from %s', async (_, head, tail) => {
    const { ids } = await adviceOn({
      models,
      files: {
        'src/q.js': `import { PrismaClient } from '../generated/client'
const prisma = new PrismaClient()
export const q = ${head} prisma.post.findMany({ where: { status: id }, orderBy: { createdAt: 'asc' }, take: 20 }) ${tail}
`,
      },
    })
    expect(ids).toEqual(['Post(status, createdAt)'])
  })
})
