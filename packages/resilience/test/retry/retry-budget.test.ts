import { RetryBudget } from '../../src/retry/retry-budget.ts'

describe('R2 the retry budget', () => {
  test('keeps retries to a tenth of the traffic', () => {
    const budget = new RetryBudget(() => 0)
    let retries = 0
    for (let index = 0; index < 10_000; index++) {
      budget.operation()
      if (budget.take()) retries++
    }
    expect(retries).toBe(1000)
  })

  test('lets a quiet service retry, and forgets the past', () => {
    let now = 0
    const budget = new RetryBudget(() => now)
    budget.operation()
    const taken = Array.from({ length: 20 }, () => budget.take()).filter(Boolean)
    expect(taken).toHaveLength(10)
    now = 30_000
    expect(budget.take()).toBe(true)
  })
})
