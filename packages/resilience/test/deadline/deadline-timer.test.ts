import { jest } from '@jest/globals'
import { DeadlineTimer } from '../../src/deadline/deadline-timer.ts'

/** Whether the one timer is set. */
const isSet = (timer: DeadlineTimer): boolean => (timer as unknown as { timer: unknown }).timer !== null

test('R1 deadlines that pass while the event loop is blocked expire in the order of their ends', async () => {
  const timer = new DeadlineTimer()
  const expired: string[] = []
  await new Promise<void>((resolve) => {
    const add = (name: string, length: number) =>
      timer.add({ expire: () => (expired.push(name) === 3 ? resolve() : undefined) }, length)
    add('second', 30)
    add('third', 45)
    add('first', 10)
    const end = performance.now() + 80
    while (performance.now() < end);
  })
  expect(expired).toEqual(['first', 'second', 'third'])
})

test('R1 deadlines of any lengths expire in the order of their ends, and those taken back do not', async () => {
  const timer = new DeadlineTimer()
  const expired: string[] = []
  const startedAt = performance.now()
  const late = new Map<string, number>()
  const all = new Promise<void>((resolve) => {
    const add = (name: string, length: number) =>
      timer.add(
        {
          expire: () => {
            expired.push(name)
            late.set(name, performance.now() - startedAt - length)
            if (name === 'last') resolve()
          },
        },
        length,
      )
    add('last', 90)
    add('b', 40)
    const first = add('never', 40)
    add('c', 40)
    add('a', 15)
    const alone = add('nor this', 60)
    timer.remove(first)
    timer.remove(alone)
  })
  await all
  expect(expired).toEqual(['a', 'b', 'c', 'last'])
  // Never early but for the millisecond that Node's own timers may be.
  for (const ms of late.values()) expect(ms).toBeGreaterThan(-2)
  expect(isSet(timer)).toBe(false)
})

test('R1 S19 no timer is left once it is closed and what was under way has ended', () => {
  const timer = new DeadlineTimer()
  const one = timer.add({ expire: () => undefined }, 60_000)
  timer.remove(one)
  // Left alone while the client is in use: the next operation needs it again.
  expect(isSet(timer)).toBe(true)
  const two = timer.add({ expire: () => undefined }, 60_000)
  timer.close()
  expect(isSet(timer)).toBe(true)
  timer.remove(two)
  expect(isSet(timer)).toBe(false)
  timer.remove(timer.add({ expire: () => undefined }, 5))
  expect(isSet(timer)).toBe(true)
  timer.close()
  expect(isSet(timer)).toBe(false)
})

test('R1 lengths that are never used again are forgotten', () => {
  const timer = new DeadlineTimer()
  for (let length = 1; length <= 10_000; length++)
    timer.remove(timer.add({ expire: () => undefined }, 10_000 + length))
  expect((timer as unknown as { lists: Map<number, unknown> }).lists.size).toBeLessThan(200)
  timer.close()
})

test('B34 fake timers change nothing: servers do not wait for them', async () => {
  jest.useFakeTimers()
  try {
    const timer = new DeadlineTimer()
    await new Promise<void>((resolve) => timer.add({ expire: resolve }, 5))
  } finally {
    jest.useRealTimers()
  }
})

test('R1 a deadline keeps the process alive while its operation runs, and no longer', () => {
  const timer = new DeadlineTimer()
  const hasRef = () => (timer as unknown as { timer: NodeJS.Timeout }).timer.hasRef()
  const what = { expire: () => undefined }
  const [first, second] = [timer.add(what, 60_000), timer.add(what, 60_000)]
  timer.remove(first)
  expect(hasRef()).toBe(true)
  timer.remove(second)
  expect(hasRef()).toBe(false)
  const third = timer.add(what, 60_000)
  expect(hasRef()).toBe(true)
  timer.remove(third)
  timer.close()
})
