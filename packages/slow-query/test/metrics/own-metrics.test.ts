import { OwnMetrics, type MetricsRegistry } from '../../src/metrics/own-metrics.ts'

const printed = (metrics: OwnMetrics) =>
  metrics
    .all()
    .map(({ name, help, type, samples }) => [
      name,
      help,
      type,
      ...samples.map((sample) =>
        'buckets' in sample ? [sample.labels, [...sample.buckets], sample.sum] : [...sample],
      ),
    ])

describe("S16 the application's own metrics", () => {
  test('counters add up by their labels, from zero on', () => {
    const metrics = new OwnMetrics()
    metrics.counter('plain_total')
    const labelled = metrics.counter('made_total', { help: 'What\nwas made.', labels: ['kind', 'by'] })
    labelled.add(1, { kind: 'a"b\\\n', by: 'x' })
    labelled.add(2.5, { by: 'x', kind: 'a"b\\\n' })
    metrics.counter('made_total', { labels: ['kind', 'by'] }).add(1, { kind: 'c', by: 'x' })
    expect(printed(metrics)).toEqual([
      ['plain_total', 'plain_total', 'counter', ['', 0]],
      [
        'made_total',
        'What was made.',
        'counter',
        ['by="x",kind="a\\"b\\\\\\n"', 3.5],
        ['by="x",kind="c"', 1],
      ],
    ])
  })

  test('timings fall into buckets, also where the work fails', async () => {
    const metrics = new OwnMetrics()
    const timing = metrics.timing('work_seconds', { bounds: [0.1, 1] })
    for (const ms of [50, 100, 101, 5000]) timing.record(ms)
    expect(printed(metrics)).toEqual([['work_seconds', 'work_seconds', 'histogram', ['', [2, 1, 1], 5.251]]])
    expect(await timing.time(async () => 7)).toBe(7)
    await expect(timing.time(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    const [[, , , [, buckets]]] = printed(metrics) as [[string, string, string, [string, number[]]]]
    expect(buckets.reduce((sum, each) => sum + each)).toBe(6)
  })

  test('gauges are set, or asked when the page is read; what cannot be read is left out', () => {
    const metrics = new OwnMetrics()
    const gauge = metrics.gauge('depth', { labels: ['queue'] })
    let depth = 1
    gauge.set(4, { queue: 'a' })
    gauge.observe(() => depth, { queue: 'b' })
    gauge.observe(
      () => {
        throw new Error('no')
      },
      { queue: 'c' },
    )
    depth = 2
    expect(printed(metrics)).toEqual([['depth', 'depth', 'gauge', ['queue="a"', 4], ['queue="b"', 2]]])
  })

  test('label values beyond 1,000 combinations are counted together', () => {
    const metrics = new OwnMetrics()
    const counter = metrics.counter('users_total', { labels: ['user'] })
    for (let user = 0; user < 1500; user++) counter.add(1, { user: String(user) })
    const samples = metrics.all()[0]?.samples ?? []
    expect(samples).toHaveLength(1001)
    expect(samples.at(-1)).toEqual(['user="other"', 500])
  })

  test.each<[string, (metrics: MetricsRegistry) => unknown]>([
    ['a counter without _total', (metrics) => metrics.counter('made')],
    ['a timing without _seconds', (metrics) => metrics.timing('work_ms')],
    ['a name of the suite', (metrics) => metrics.counter('db_client_mine_total')],
    ['a name that Prometheus refuses', (metrics) => metrics.gauge('a-b')],
    ['a label that Prometheus refuses', (metrics) => metrics.gauge('a', { labels: ['le'] })],
    ['bounds that fall', (metrics) => metrics.timing('a_seconds', { bounds: [1, 0.5] })],
    ['a bound without end', (metrics) => metrics.timing('a_seconds', { bounds: [1, Infinity] })],
    ['one label twice', (metrics) => metrics.gauge('a', { labels: ['b', 'b'] })],
    ['another type', (metrics) => [metrics.gauge('a_total'), metrics.counter('a_total')]],
    ['other labels', (metrics) => [metrics.gauge('a'), metrics.gauge('a', { labels: ['b'] })]],
    ['a fall', (metrics) => metrics.counter('a_total').add(-1)],
    ['no time', (metrics) => metrics.timing('a_seconds').record(NaN)],
    ['an undeclared label', (metrics) => metrics.counter('a_total').add(1, { user: 'x' })],
    ['a missing label', (metrics) => metrics.counter('a_total', { labels: ['b'] }).add()],
  ])('%s is E_INVALID_METRIC', (_, use) => {
    expect(() => use(new OwnMetrics())).toThrow(expect.objectContaining({ code: 'E_INVALID_METRIC' }))
  })

  const kinds: Readonly<Record<string, (metrics: MetricsRegistry, name: string) => unknown>> = {
    counter: (metrics, name) => metrics.counter(`${name}_total`),
    timing: (metrics, name) => metrics.timing(`${name}_seconds`),
    gauge: (metrics, name) => metrics.gauge(name),
  }
  const names = ['', '_total', '_seconds', '_seconds_bucket', '_seconds_sum', '_seconds_count']
  const pairs = Object.keys(kinds).flatMap((first) =>
    Object.keys(kinds).flatMap((second) => names.map((name) => [first, second, name] as const)),
  )

  test.each(pairs)(
    'no sample stands twice: a %s beside a %s whose name begins with a%s',
    (first, second, name) => {
      for (const reversed of [false, true]) {
        const metrics = new OwnMetrics()
        const make = [() => kinds[first]!(metrics, 'a'), () => kinds[second]!(metrics, `a${name}`)]
        if (reversed) make.reverse()
        make[0]!()
        try {
          make[1]!()
        } catch (error) {
          expect(error).toMatchObject({ code: 'E_INVALID_METRIC' })
        }
        const samples = metrics
          .all()
          .flatMap((metric) =>
            metric.type === 'histogram'
              ? ['', '_bucket', '_sum', '_count'].map((end) => metric.name + end)
              : [metric.name],
          )
        expect(new Set(samples).size).toBe(samples.length)
      }
    },
  )

  test('labels may be declared in any order, and what was declared stays', () => {
    const metrics = new OwnMetrics()
    const bounds = [1, 2]
    const timing = metrics.timing('a_seconds', { labels: ['b', 'c'], bounds })
    bounds.push(3)
    expect(metrics.timing('a_seconds', { labels: ['c', 'b'], bounds: [1, 2] })).toBe(timing)
    timing.record(2500, { b: 'x', c: 'y' })
    expect(printed(metrics)).toEqual([
      ['a_seconds', 'a_seconds', 'histogram', ['b="x",c="y"', [0, 0, 1], 2.5]],
    ])
  })
})
