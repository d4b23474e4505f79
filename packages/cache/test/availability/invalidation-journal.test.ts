import { Journal } from '../../src/availability/invalidation-journal.ts'

function journal(limit = 3) {
  let now = 0
  return {
    journal: new Journal('all', () => now, limit),
    advance: (ms: number) => void (now += ms),
  }
}

test('C22 holds what was added until it was sent, but for what was added again meanwhile', () => {
  const { journal: own } = journal()
  own.add(['a', 'b'])
  expect([own.holds(['a']), own.holds(['c', 'b']), own.holds(['c']), own.holds([])]).toEqual([
    true,
    true,
    false,
    false,
  ])
  const batch = own.batch()
  own.add(['b'])
  own.sent(batch)
  expect(own.batch().tags).toEqual(['b'])
})

test('C22 one that overflows stands for everything', () => {
  const { journal: own } = journal()
  own.add(['a', 'b', 'c'])
  expect(own.size).toBe(3)
  own.add(['d'])
  expect(own.batch().tags).toEqual(['all'])
  expect(own.holds(['never heard of'])).toBe(true)
  own.sent(own.batch())
  expect([own.size, own.holds(['d'])]).toEqual([0, false])
})

test('C22 remembers for a minute what was confirmed, and not without bound', () => {
  const { journal: own, advance } = journal()
  own.remember(['a'])
  advance(59_000)
  own.remember(['b', 'a', 'c', 'd'])
  own.recall()
  // The oldest had to make room.
  expect(own.batch().tags).toEqual(['a', 'c', 'd'])
  own.sent(own.batch())
  advance(60_000)
  own.recall()
  expect(own.size).toBe(0)
})
