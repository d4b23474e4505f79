import { parseSchema, type Call } from '@prisma-brisk/core'
import { callSignature } from '../../src/recording/call-signature.ts'

/** What is recorded of a call: the names of the schema and of Prisma, and no value. */

const schema = parseSchema(
  `
datasource db {
  provider = "postgresql"
}
model User {
  id    Int    @id
  email String @unique
  first String
  last  String
  meta  Json?
  posts Post[]
  @@unique([first, last])
}
model Post {
  id       Int     @id
  title    String
  authorId Int
  author   User    @relation(fields: [authorId], references: [id])
}
`,
  'option',
)

function signature(model: string, operation: string, args: object): string {
  return callSignature({ host: { schema: () => schema }, model, operation, args } as unknown as Call)
}

test.each([
  ['User', 'findMany', {}, 'User.findMany({})'],
  [
    'User',
    'findMany',
    { take: 3, where: { id: 1 }, skip: undefined },
    'User.findMany({ take, where: { id } })',
  ],
  [
    'User',
    'findFirst',
    { where: { email: { contains: 'x' }, id: { in: [1, 2, 3] } } },
    'User.findFirst({ where: { email: { contains }, id: { in } } })',
  ],
  [
    'User',
    'findUnique',
    { where: { first_last: { first: 'a', last: 'b' } } },
    'User.findUnique({ where: { first_last: { first, last } } })',
  ],
  [
    'User',
    'findMany',
    { where: { OR: [{ id: 1 }, { id: 2 }, { email: 'x' }] } },
    'User.findMany({ where: { OR: [{ email }, { id }] } })',
  ],
  [
    'User',
    'findMany',
    { where: { posts: { some: { title: { in: ['a'] } } } } },
    'User.findMany({ where: { posts: { some: { title: { in } } } } })',
  ],
  [
    'User',
    'findMany',
    { where: { meta: { path: ['secret'], equals: 'secret' } } },
    'User.findMany({ where: { meta } })',
  ],
  ['User', 'findMany', { where: { first: null } }, 'User.findMany({ where: { first: null } })'],
  [
    'User',
    'findMany',
    { where: { secret: 1, AND: { secret: 2 } } },
    'User.findMany({ where: { AND: { ? }, ? } })',
  ],
  [
    'Post',
    'findMany',
    { orderBy: [{ title: 'desc' }, { author: { email: 'asc' } }] },
    'Post.findMany({ orderBy: [{ author: { email: asc } }, { title: desc }] })',
  ],
  [
    'User',
    'findMany',
    { include: { posts: { where: { title: 'x' }, take: 2 } }, omit: { meta: true } },
    'User.findMany({ include: { posts: { take, where: { title } } }, omit: { meta } })',
  ],
  [
    'User',
    'findMany',
    { select: { id: true, email: false } },
    'User.findMany({ select: { email: false, id } })',
  ],
  [
    'User',
    'create',
    { data: { email: 'secret', meta: { secret: 1 }, posts: { create: { title: 'x' } } } },
    'User.create({ data: { email, meta, posts: { create } } })',
  ],
  [
    'User',
    'createMany',
    { data: [{ id: 1 }, { id: 2, email: 'x' }] },
    'User.createMany({ data: [{ email, id }, { id }] })',
  ],
  [
    'User',
    'upsert',
    { where: { id: 1 }, create: { id: 1 }, update: {} },
    'User.upsert({ create: { id }, update: {}, where: { id } })',
  ],
  ['User', 'findMany', { distinct: ['email', 'secret'] }, 'User.findMany({ distinct: [email] })'],
  [
    'User',
    'findMany',
    { cacheStrategy: { tags: ['secret'] }, unbounded: 'secret' },
    'User.findMany({ cacheStrategy, unbounded })',
  ],
])('%s.%s(%j) is %s', (model, operation, args, said) => {
  expect(signature(model, operation, args)).toBe(said)
})

test('the order in which arguments are written does not matter', () => {
  expect(signature('User', 'findMany', { take: 1, where: { id: 1, email: 'x' } })).toBe(
    signature('User', 'findMany', { where: { email: 'y', id: 2 }, take: 9 }),
  )
})

test('what is too long is cut, and stays different', () => {
  const long = (last: string): string =>
    signature('User', 'findMany', {
      where: { OR: Array.from({ length: 60 }, (_, at) => ({ AND: nested(at, last) })) },
    })
  expect(long('id').length).toBeLessThan(420)
  expect(long('id')).not.toBe(long('email'))
})

function nested(depth: number, last: string): object {
  return depth % 7 === 0 ? { [last]: 1 } : { OR: [nested(depth - 1, last), { NOT: nested(depth - 1, last) }] }
}
