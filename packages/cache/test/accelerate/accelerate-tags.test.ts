import { accessFrom } from '../../src/accelerate/accelerate-api.ts'
import { accelerateTags, invalidationRequests } from '../../src/accelerate/accelerate-tags.ts'

const fits = /^[A-Za-z0-9_]{1,64}$/

test('C35 tags are in the alphabet of Accelerate, at most five a query, and no invalidation misses them', () => {
  const own = ['plain', 'team:7', 'ü', 'x'.repeat(256), 'another']
  const models = ['User', 'Post', 'Comment', 'ünïcode', 'M'.repeat(80)]
  for (let a = 0; a <= own.length; a++) {
    for (let b = 0; b <= models.length; b++) {
      const tags = accelerateTags(own.slice(0, a), models.slice(0, b))
      expect(tags.length).toBeLessThanOrEqual(5)
      for (const tag of tags) expect(tag).toMatch(fits)
      for (const tag of own.slice(0, a))
        expect(
          invalidationRequests([tag], [])
            .flat()
            .some((each) => tags.includes(each)),
        ).toBe(true)
      for (const model of models.slice(0, b)) {
        expect(
          invalidationRequests([], [model])
            .flat()
            .some((each) => tags.includes(each)),
        ).toBe(true)
      }
    }
  }
})

test('C35 invalidations go in requests of five tags', () => {
  const requests = invalidationRequests(['a', 'b', 'c'], ['D', 'E', 'F', 'G'])
  expect(requests.map((each) => each.length)).toEqual([5, 4])
  expect(new Set(requests.flat()).size).toBe(9)
})

test('C35 a connection string without a key is told from one with it', () => {
  expect(accessFrom('prisma://accelerate.prisma-data.net/?api_key=k')).toMatchObject({ apiKey: 'k' })
  expect(accessFrom('prisma://accelerate.prisma-data.net/')).toMatchObject({ apiKey: null })
  expect(accessFrom('prisma+postgres://localhost:51213/?api_key=k')?.baseUrl).toBe('http://localhost:51213')
  expect(accessFrom('postgresql://localhost/db')).toBeNull()
})
