import { stableName } from '../../src/recording/stable-name.ts'

test.each([
  ['finds a@b.example.com', 'finds <email>'],
  ['user 7c9e6679-7425-40de-944b-e07fc1f90ae7', 'user <id>'],
  ['on 2026-11-30', 'on <date>'],
  ['at 2026-11-30T14:02:40.580Z, or 2026-11-30 14:02', 'at <date>, or <date>'],
  ['on Mon Nov 30 2026 14:02:40 GMT+0000 (Coordinated Universal Time)', 'on <date>'],
  ['on 30.11.2026', 'on <date>'],
  ['takes 12:30:05.123', 'takes <time>'],
  ['at 127.0.0.1:53211 and localhost:40001', 'at <address> and <address>'],
  ['order cmb3x7k2p0000v8l5h2q9d1ab is paid', 'order <id> is paid'],
  ['order 01ARZ3NDEKTSV4RRFFQ69G5FAV', 'order <id>'],
  ['commit 4e19d80a', 'commit <id>'],
  ['row 1796046697123', 'row <number>'],
  ['ratio 0.8437261', 'ratio <number>'],
  ['a\u001b[31mred\nline', 'a [31mred line'],
])('%j is %j', (name, stable) => {
  expect(stableName(name)).toBe(stable)
})

test.each([
  'adds 1 + 2',
  'GET /posts/:id',
  'answers 404, 2 of 3 times',
  'PostgreSQL 18 and utf8mb4_unicode_ci',
  'a-title-of-many-words-with-dashes',
  'shows-the-10-newest-conversations',
  'C:\\Users\\me › “quoted” 100 %',
  'v1.2.3 of 2024',
])('%j stays as it is', (name) => {
  expect(stableName(name)).toBe(name)
})

test('what is stable is stable', () => {
  const once = stableName('user 7c9e6679-7425-40de-944b-e07fc1f90ae7 of a@b.de at 12:00:01, 123456')
  expect(stableName(once)).toBe(once)
})
