import { Series } from '../../src/metrics/series.ts'

test("S16 failures of more codes than are told apart are counted as 'other': none is missing", () => {
  const series = new Series('User', 'create')
  for (let round = 0; round < 2; round++) for (let code = 0; code < 30; code++) series.countError(`E_${code}`)
  expect(series.errorCodes.get('E_0')).toBe(2)
  expect(series.errorCodes.get('other')).toBe(20)
  expect(series.errorCodes.size).toBe(21)
})
