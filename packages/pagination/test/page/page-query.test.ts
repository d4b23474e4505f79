import { parsePageQuery } from '../../src/page/page-query.ts'
import { relayArguments } from '../../src/keyset/relay.ts'

const code = (run: () => unknown) => {
  try {
    run()
    return 'accepted'
  } catch (error) {
    return (error as { code: string }).code
  }
}

test.each<[object, object]>([
  [{}, { kind: 'offset' }],
  [
    { page: '3', limit: '50', other: 'x' },
    { kind: 'offset', page: 3, limit: 50 },
  ],
  [
    { offset: '0', limit: '' },
    { kind: 'offset', offset: 0 },
  ],
  [
    { cursor: '', limit: '20' },
    { kind: 'cursor', after: null, first: 20 },
  ],
  [{ cursor: 'abc' }, { kind: 'cursor', after: 'abc' }],
  [{ page: 2 }, { kind: 'offset', page: 2 }],
])('P15 the query %j asks for %j', (query, expected) => {
  expect(parsePageQuery(query as Record<string, unknown>)).toEqual(expected)
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  )
  expect(parsePageQuery(search)).toEqual(expected)
})

test.each<[object, string]>([
  [{ limit: '0' }, 'E_INVALID_LIMIT'],
  [{ limit: '-5' }, 'E_INVALID_LIMIT'],
  [{ limit: '5.0' }, 'E_INVALID_LIMIT'],
  [{ limit: '0x10' }, 'E_INVALID_LIMIT'],
  [{ limit: ' 5' }, 'E_INVALID_LIMIT'],
  [{ limit: '1e3' }, 'E_INVALID_LIMIT'],
  [{ limit: '4294967297' }, 'E_INVALID_LIMIT'],
  [{ limit: ['5', '6'] }, 'E_INVALID_LIMIT'],
  [{ limit: { $gt: 1 } }, 'E_INVALID_LIMIT'],
  [{ page: '0' }, 'E_INVALID_OFFSET'],
  [{ offset: '-1' }, 'E_INVALID_OFFSET'],
  [{ page: '1', offset: '5' }, 'E_INVALID_PAGE'],
  [{ cursor: ['a', 'b'] }, 'E_INVALID_PAGE'],
  [{ cursor: 'a', page: '2' }, 'E_INVALID_PAGE'],
])('P15 the query %j is refused with %s', (query, expected) => {
  expect(code(() => parsePageQuery(query as Record<string, unknown>))).toBe(expected)
})

test('P15 names of the prototype are no query', () => {
  expect(parsePageQuery(Object.create({ limit: '5' }) as Record<string, unknown>)).toEqual({ kind: 'offset' })
})

test.each<[object, object]>([
  [{ first: 5, after: null }, { first: 5 }],
  [
    { last: 5, before: 'c', first: null },
    { last: 5, before: 'c' },
  ],
  [{}, {}],
])('P26 Relay arguments %j are those of a page', (args, expected) => {
  expect(relayArguments(args as Record<string, unknown>)).toEqual(expected)
})

test('P26 Relay arguments that cannot be are refused', () => {
  expect(code(() => relayArguments({ first: 1, last: 1 }))).toBe('E_INVALID_PAGE')
  expect(code(() => relayArguments({}, { required: true }))).toBe('E_INVALID_PAGE')
  expect(code(() => relayArguments({ first: '5' }))).toBe('E_INVALID_LIMIT')
  expect(code(() => relayArguments({ first: 5, after: 7 }))).toBe('E_INVALID_PAGE')
})
