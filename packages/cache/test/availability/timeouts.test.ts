import { jest } from '@jest/globals'
import { StoreTimeouts } from '../../src/availability/timeouts.ts'
import { StoreTimeoutError } from '../../src/errors.ts'

const text = (value: unknown): string => (value instanceof Error ? value.constructor.name : String(value))
const never = (): Promise<never> => new Promise(() => undefined)

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

test('C21 an answer in time is given, one that does not come ends in a StoreTimeoutError at its time', async () => {
  const deadlines = new StoreTimeouts(50)
  const ends: string[] = []
  const wait = (name: string, answer: Promise<unknown>): void =>
    void deadlines.within(answer, text, text).then((end) => ends.push(`${name} ${end}`))
  wait('first', never())
  await jest.advanceTimersByTimeAsync(30)
  wait('second', never())
  wait('answered', Promise.resolve('yes'))
  wait('failed', Promise.reject(new RangeError('no')))
  await jest.advanceTimersByTimeAsync(19)
  expect(ends).toEqual(['answered yes', 'failed RangeError'])
  await jest.advanceTimersByTimeAsync(2)
  expect(ends.slice(2)).toEqual(['first StoreTimeoutError'])
  await jest.advanceTimersByTimeAsync(27)
  expect(ends).toHaveLength(3)
  await jest.advanceTimersByTimeAsync(4)
  expect(ends.slice(3)).toEqual(['second StoreTimeoutError'])
})

test('any number of waits share one timer, and none is left when all are over', async () => {
  const deadlines = new StoreTimeouts(50)
  const answers = Array.from({ length: 100 }, (_, index) =>
    deadlines.within(Promise.resolve(index), Number, () => -1),
  )
  expect(jest.getTimerCount()).toBe(1)
  expect(await Promise.all(answers)).toEqual(Array.from({ length: 100 }, (_, index) => index))
  await jest.advanceTimersByTimeAsync(60)
  expect(jest.getTimerCount()).toBe(0)
})

test('an answer that comes too late is dropped', async () => {
  const deadlines = new StoreTimeouts(50)
  let answer: (value: string) => void = () => undefined
  const made: unknown[] = []
  const end = deadlines.within(
    new Promise<string>((resolve) => (answer = resolve)),
    (value) => made.push(value),
    (error) => made.push(error),
  )
  await jest.advanceTimersByTimeAsync(60)
  answer('late')
  await end
  await jest.advanceTimersByTimeAsync(1)
  expect(made).toEqual([expect.any(StoreTimeoutError)])
})
