import ts from 'typescript'
import { argumentCode, callCode, Expression, whereWithout, withRelation } from '../../src/loop/call-code.ts'

const SECRET = 'secret@example.org'

test('names, orders and pages stay, values are variables of the name of their field', () => {
  expect(
    callCode('UserProfile', 'findMany', {
      where: { email: SECRET, deletedAt: null, isAdmin: true, age: { gte: 3, lt: 9 }, id: { in: [7, 8] } },
      orderBy: [{ createdAt: { sort: 'desc', nulls: 'last' } }, { id: 'asc' }],
      select: { id: true, posts: { where: { title: { contains: SECRET, mode: 'insensitive' } }, take: 3 } },
      distinct: ['email'],
      take: 50,
      skip: undefined,
    }),
  ).toBe(
    "prisma.userProfile.findMany({ where: { email, deletedAt: null, isAdmin: true, age: { gte: age, lt: age }, id: { in: ids } }, orderBy: [{ createdAt: { sort: 'desc', nulls: 'last' } }, { id: 'asc' }], select: { id: true, posts: { where: { title: { contains: title, mode: 'insensitive' } }, take: 3 } }, distinct: ['email'], take: 50 })",
  )
  expect(callCode('User', 'findMany', {})).toBe('prisma.user.findMany()')
  expect(argumentCode({ distinct: 'email', where: { by: ['x'], word: 'desc' } })).toBe(
    "{ distinct: 'email', where: { by: bys, word } }",
  )
})

/** Arguments of every kind, with values in every place that may hold one. */
const ARGUMENTS: readonly Record<string, unknown>[] = [
  { where: { OR: [{ email: SECRET }, { NOT: { name: SECRET } }], class: SECRET, in: 1 } },
  { where: { team_user: { teamId: 1, userId: SECRET }, at: new Date(), big: 5n, bytes: new Uint8Array(2) } },
  { where: { meta: { path: ['a', SECRET], equals: { x: SECRET } }, tags: { hasSome: [SECRET] } } },
  {
    orderBy: { _relevance: { fields: ['name'], search: SECRET, sort: 'asc' } },
    cursor: { id: SECRET },
    take: -5,
  },
  { where: { OR: Array.from({ length: 200 }, (_, index) => ({ email: SECRET, age: index })) }, take: 50 },
  { where: { posts: { some: { title: { startsWith: SECRET } } }, id: { in: [] } }, include: { posts: true } },
  { data: { name: SECRET, class: SECRET }, where: { 'odd name': SECRET } },
  { distinct: 'email', cacheStrategy: { ttl: 60 }, omit: { email: true } },
]

test.each(ARGUMENTS)('it is code, and holds no value: %#', (args) => {
  const code = callCode('User', 'findMany', args)
  expect(code).not.toContain('secret')
  expect(code).not.toContain('…')
  const { diagnostics } = ts.transpileModule(`const answer = ${code}`, { reportDiagnostics: true })
  expect({ code, errors: diagnostics?.map(({ messageText }) => messageText) }).toEqual({ code, errors: [] })
  expect(code.length).toBeLessThan(500)
})

test('a long condition is one variable', () => {
  expect(callCode('User', 'findMany', ARGUMENTS[4] as Record<string, unknown>)).toBe(
    'prisma.user.findMany({ where, take: 50 })',
  )
})

test('arguments in a circle end', () => {
  const where: Record<string, unknown> = {}
  where['AND'] = where
  expect(argumentCode({ where })).toContain('AND: { AND')
})

test('a relation is added to the choice of fields that there is', () => {
  const include = { include: { posts: true } }
  expect(withRelation({}, 'posts', true)).toEqual(include)
  expect(withRelation({ include: { team: true } }, 'posts', true)).toEqual({
    include: { team: true, posts: true },
  })
  expect(withRelation({ select: { id: true } }, 'posts', true)).toEqual({ select: { id: true, posts: true } })
  expect(whereWithout({ teamId: 1, userId: 2 }, ['teamId', 'userId'])).toBeUndefined()
  expect(whereWithout({ a_b: { a: 1, b: 2 }, c: 3 }, ['a', 'b'])).toEqual({ c: 3 })
  expect(argumentCode({ where: { id: { in: new Expression('ids') } } })).toBe(
    '{ where: { id: { in: ids } } }',
  )
})
