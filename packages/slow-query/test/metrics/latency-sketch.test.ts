import { LatencySketch } from '../../src/metrics/latency-sketch.ts'
import { RollingTally } from '../../src/metrics/tally.ts'
import { Random } from '../../../../test/support/random.ts'

describe('S10 percentiles', () => {
  test('are within 1 % of the exact values over a million samples, merged or not', () => {
    const random = new Random(42)
    const sketches = [new LatencySketch(), new LatencySketch()] as const
    const values = new Float64Array(1_000_000)
    for (let index = 0; index < values.length; index++) {
      const value = Math.exp(8 * random.next() - 3) * (random.chance(0.01) ? 1000 : 1)
      values[index] = value
      sketches[index % 2 === 0 ? 0 : 1].record(value)
    }
    values.sort()
    const merged = new LatencySketch()
    merged.mergeSnapshot(structuredClone(sketches[0].snapshot()))
    merged.merge(sketches[1])
    for (const q of [0.01, 0.5, 0.95, 0.99, 0.999]) {
      const exact = values[Math.ceil(q * values.length) - 1] as number
      expect(Math.abs(merged.quantile(q) - exact) / exact).toBeLessThan(0.01)
    }
    expect(merged.count).toBe(1_000_000)
    expect(merged.max).toBe(values.at(-1))
  })

  test('of no sample or one are no NaN', () => {
    const sketch = new LatencySketch()
    expect(sketch.quantile(0.99)).toBe(0)
    sketch.record(7)
    for (const q of [0, 0.5, 1]) expect(sketch.quantile(q)).toBeCloseTo(7, 0)
    sketch.record(0)
    expect(sketch.quantile(0)).toBeGreaterThanOrEqual(0)
  })

  test('windows rotate', () => {
    const rolling = new RollingTally(1000, 3)
    rolling.at(0).latency.record(1)
    rolling.at(1000).latency.record(2)
    rolling.at(2999).latency.record(3)
    expect(rolling.merged(2999).latency.count).toBe(3)
    expect(rolling.merged(3500).latency.count).toBe(2)
    expect(rolling.merged(2999, 1000).latency.count).toBe(1)
    expect(rolling.merged(60_000).latency.count).toBe(0)
    rolling.at(60_000).latency.record(4)
    expect(rolling.merged(60_000).latency.max).toBe(4)
  })
})

test('S10 counts that outgrow four bytes go on being right', () => {
  const sketch = new LatencySketch()
  sketch.record(10)
  const { buckets, ...rest } = sketch.snapshot()
  sketch.mergeSnapshot({ ...rest, buckets: buckets.map((count) => count * 0xffff_ffff) })
  sketch.record(10)
  expect(Math.max(...sketch.snapshot().buckets)).toBe(0xffff_ffff + 2)
})
