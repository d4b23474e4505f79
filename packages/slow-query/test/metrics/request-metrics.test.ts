import { MAX_ROUTES, RequestMetrics } from '../../src/metrics/request-metrics.ts'

const kinds = (metrics: RequestMetrics) =>
  [...metrics.all()].map(({ kind, tally }) => [kind.method, kind.route, kind.status, tally.latency.count])
const request = { method: 'GET', route: '/posts/:id', status: 200, statements: 1, ms: 5 }

describe('S16 requests', () => {
  test('are counted by method, route and class of their status', () => {
    const metrics = new RequestMetrics()
    metrics.record(request)
    metrics.record({ ...request, status: 204 })
    metrics.record({ ...request, status: 500 })
    metrics.record({ ...request, method: 'POST' })
    metrics.record({ ...request, route: null, status: 404 })
    metrics.record({ ...request, method: 'SECRET' })
    metrics.record({ ...request, method: null, route: null, status: null })
    expect(kinds(metrics)).toEqual([
      ['GET', '/posts/:id', '2xx', 2],
      ['GET', '/posts/:id', '5xx', 1],
      ['POST', '/posts/:id', '2xx', 1],
      ['GET', null, '4xx', 1],
      ['OTHER', '/posts/:id', '2xx', 1],
      [null, null, 'none', 1],
    ])
  })

  test('of more routes than are told apart are counted together, and those known stay', () => {
    const metrics = new RequestMetrics()
    for (let route = 0; route < MAX_ROUTES + 50; route++) metrics.record({ ...request, route: `/${route}` })
    metrics.record({ ...request, route: '/0' })
    expect(kinds(metrics)).toHaveLength(MAX_ROUTES + 1)
    expect(kinds(metrics)[0]).toEqual(['GET', '/0', '2xx', 2])
    expect(kinds(metrics).at(-1)).toEqual(['GET', 'other', '2xx', 50])
  })
})
