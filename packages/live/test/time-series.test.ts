import { timeSeries } from '../src/answer/time-series.ts'

const sample = (second: number, name = 'calls', value = 1) => ({ at: second * 1000, name, value })

test('samples of one step are added up, and steps without any are nought', () => {
  expect(
    timeSeries([sample(100.2), sample(100.9), sample(103, 'statements', 5)], ['calls', 'statements']),
  ).toEqual({
    seconds: [100, 101, 102, 103],
    sums: { calls: [2, 0, 0, 0], statements: [0, 0, 0, 5] },
    step: 1,
  })
})

test('an hour, a day and a year have at most 121 steps', () => {
  for (const span of [3600, 86_400, 31_536_000]) {
    const { seconds, sums } = timeSeries([sample(7), sample(7 + span)], ['calls'])
    expect(seconds.length).toBeLessThanOrEqual(122)
    expect(sums['calls']!.reduce((a, b) => a + b)).toBe(2)
  }
})

test('nothing has no steps', () => {
  expect(timeSeries([], ['calls'])).toEqual({ seconds: [], sums: { calls: [] }, step: 1 })
})
