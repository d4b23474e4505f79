import { foldedCalls } from '../src/answer/folded-calls.ts'
import { call } from './calls.ts'

const user = (number: number) => call(number)
const post = (number: number) =>
  call(number, { model: 'Post', operation: 'count', callSite: '/app/a.ts:2:1' })
const folded = (...calls: ReturnType<typeof call>[]) =>
  foldedCalls(calls).map(({ name, count }) => (count === 1 ? name : `${name} × ${count}`))

test('calls of one operation and place are one line, from two on', () => {
  expect(folded(post(1), user(2), user(3), user(4))).toEqual(['Post.count', 'User.findUnique × 3'])
  expect(folded(user(1), post(2))).toEqual(['User.findUnique', 'Post.count'])
})

test('a loop over several calls is one line, from three turns on', () => {
  expect(folded(user(1), post(2), user(3), post(4), user(5), post(6), post(7))).toEqual([
    'User.findUnique, Post.count × 3',
    'Post.count',
  ])
  expect(folded(user(1), post(2), user(3), post(4))).toHaveLength(4)
})

test('a loop whose turns begin with a repeated call is one line', () => {
  expect(folded(user(1), user(2), post(3), user(4), user(5), post(6), user(7), user(8), post(9))).toEqual([
    'User.findUnique, User.findUnique, Post.count × 3',
  ])
})

test('another place is another line', () => {
  expect(folded(user(1), call(2, { callSite: '/app/b.ts:9:9' }))).toHaveLength(2)
})

test('a line spans its calls and counts their statements', () => {
  expect(foldedCalls([user(1), user(5)])).toMatchObject([{ from: 1, to: 6, statements: 2, calls: [1, 5] }])
})

test('a request of 20,000 calls is folded at once', () => {
  const calls = Array.from({ length: 20_000 }, (_, index) => (index % 2 === 0 ? user(index) : post(index)))
  expect(foldedCalls(calls)).toMatchObject([{ count: 10_000 }])
})
