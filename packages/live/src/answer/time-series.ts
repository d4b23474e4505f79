/** Sums over time in steps of equal length, for drawing. */
export interface TimeSeries {
  /** Beginning of each step, in seconds since 1970. */
  readonly seconds: readonly number[]
  /** By name, one number a step. */
  readonly sums: Readonly<Record<string, readonly number[]>>
  /** Seconds of a step. */
  readonly step: number
}

/** Steps that are drawn at most. */
const MAX_STEPS = 120
const LENGTHS = [1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600, 21_600, 86_400]

/** One number to be added at one time. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly name: string
  readonly value: number
}

export function timeSeries(samples: readonly Sample[], names: readonly string[]): TimeSeries {
  let [first, last] = [Infinity, -Infinity]
  for (const { at } of samples) {
    if (at < first) first = at
    if (at > last) last = at
  }
  if (samples.length === 0)
    return { seconds: [], sums: Object.fromEntries(names.map((name) => [name, []])), step: 1 }
  const span = (last - first) / 1000
  const step = LENGTHS.find((each) => span / each <= MAX_STEPS) ?? Math.ceil(span / MAX_STEPS)
  const begin = Math.floor(first / 1000 / step) * step
  const steps = Math.floor((last / 1000 - begin) / step) + 1
  const sums = Object.fromEntries(names.map((name) => [name, Array.from({ length: steps }, () => 0)]))
  for (const { at, name, value } of samples) {
    const list = sums[name]
    const index = Math.floor((at / 1000 - begin) / step)
    if (list !== undefined) list[index] = (list[index] ?? 0) + value
  }
  return { seconds: Array.from({ length: steps }, (_, index) => begin + index * step), sums, step }
}
