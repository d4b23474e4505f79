import { hostname } from 'node:os'
import { databaseNameOf } from '../../src/key/database-name.ts'

const pg = (config: object, options: object = {}) => databaseNameOf({ adapterName: 'pg', config, options }, 1)
const url = 'postgresql://app:secret@db:5432/app'

test.each<[string, object, object]>([
  [
    'session options beside a URL',
    { connectionString: url, options: '-c search_path=t1' },
    { connectionString: url, options: '-c search_path=t2' },
  ],
  [
    'session options in it',
    { connectionString: `${url}?options=a` },
    { connectionString: `${url}?options=b` },
  ],
  [
    'the user in the URL, whose role may have a search path',
    { connectionString: url },
    { connectionString: url.replace('app:', 'other:') },
  ],
  ['the user beside it', { connectionString: url, user: 'a' }, { connectionString: url, user: 'b' }],
  [
    'the user in the settings',
    { database: 'app', host: 'db', user: 'a' },
    { database: 'app', host: 'db', user: 'b' },
  ],
  ['the port', { database: 'app', host: 'db', port: 1 }, { database: 'app', host: 'db', port: 2 }],
])('KC12 %s tells databases apart', (_, one, other) => {
  expect(pg(one)).not.toBe(pg(other))
  expect(pg(one)).toBe(pg({ ...one }))
})

test('KC12 the schema that an adapter was given tells databases apart', () => {
  expect(pg({ connectionString: url }, { schema: 't1' })).not.toBe(
    pg({ connectionString: url }, { schema: 't2' }),
  )
})

test.each(['localhost', '127.0.0.1', '[::1]', '127.0.0.2'])(
  'KC12 %s is a host of this machine alone',
  (host) => {
    expect(pg({ connectionString: `postgresql://app@${host}:5432/app` })).toContain(`@${hostname()}:5432`)
    expect(pg({ database: 'app', host, port: 5432 })).toBe(
      pg({ database: 'app', host: 'localhost', port: 5432 }),
    )
  },
)

test('no password is part of a name, and what shows nothing has none', () => {
  expect(pg({ connectionString: url, password: 'secret' })).not.toContain('secret')
  expect(pg({})).toBeNull()
  expect(databaseNameOf(undefined, 1)).toBeNull()
})

test.each([
  ':memory:',
  'file::memory:?cache=shared',
  'file:x?mode=memory&cache=shared',
  'memory://',
  'file:',
])("C24 a database in memory (%s) is its client's alone", (url) => {
  const name = (client: number) => databaseNameOf({ adapterName: 'sqlite', config: { url } }, client)
  expect(name(1)).toBe(name(1))
  expect(name(1)).not.toBe(name(2))
  expect(name(1)).toMatch(/^memory:/)
})
