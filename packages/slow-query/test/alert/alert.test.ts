import { Alert } from '../../src/alert/alert.ts'

describe('S15 an alert', () => {
  test('tells each change of state once, and falls back only when clearly below', () => {
    const alert = new Alert({ metric: 'p95', warn: 100, critical: 500, minSamples: 10 }, () => 0)
    const states = [50, 120, 130, 600, 480, 440, 95, 85, 50].map(
      (value) => alert.evaluate({ value, samples: 20 })?.to ?? '-',
    )
    expect(states).toEqual(['-', 'warn', '-', 'critical', '-', 'warn', '-', 'ok', '-'])
  })

  test('says nothing of too few samples, and waits until a value lasts', () => {
    let now = 0
    const alert = new Alert({ metric: 'errorRate', warn: 0.01, for: 30_000 }, () => now)
    expect(alert.evaluate({ value: 1, samples: 5 })).toBeNull()
    expect(alert.evaluate({ value: 0.5, samples: 100 })).toBeNull()
    now = 10_000
    expect(alert.evaluate({ value: 0, samples: 100 })).toBeNull()
    now = 20_000
    expect(alert.evaluate({ value: 0.5, samples: 100 })).toBeNull()
    now = 50_000
    expect(alert.evaluate({ value: 0.5, samples: 100 })).toMatchObject({
      type: 'alert',
      metric: 'errorRate',
      from: 'ok',
      to: 'warn',
      value: 0.5,
      limit: 0.01,
    })
  })

  test('on a hit rate fires when it falls, and falls back only when clearly above', () => {
    const alert = new Alert({ metric: 'hitRate', warn: 0.7, critical: 0.5 }, () => 0)
    const states = [0.9, 0.7, 0.75, 0.4, 0.52, 0.6, 0.76, 0.78].map(
      (value) => alert.evaluate({ value, samples: 20 })?.to ?? '-',
    )
    expect(states).toEqual(['-', 'warn', '-', 'critical', '-', 'warn', '-', 'ok'])
  })

  test('on the pool needs no number of samples', () => {
    const alert = new Alert({ metric: 'poolShare', warn: 0.8 }, () => 0)
    expect(alert.evaluate({ value: 0.9, samples: 1 })).toMatchObject({ to: 'warn' })
  })
})
