import { failuresOf } from '../src/answer/failures.ts'
import { call } from './calls.ts'

test('calls that fail alike are one, told by code, place and what it means', () => {
  const error = { name: 'PrismaClientKnownRequestError', code: 'P2003', driverCode: '23503' }
  expect(
    failuresOf([call(1), call(2, { error }), call(3, { error }), call(4, { error, callSite: '/b.ts:2:2' })]),
  ).toEqual([
    {
      name: 'User.findUnique',
      callSite: '/app/a.ts:1:1',
      count: 2,
      code: 'P2003, 23503',
      meaning: expect.stringMatching(/^a foreign key does not hold/),
      call: 2,
    },
    expect.objectContaining({ callSite: '/b.ts:2:2', count: 1 }),
  ])
})

test('an error of the database alone is explained as well, and one that is not known by its class', () => {
  const [driver] = failuresOf([call(1, { error: { name: 'Error', driverCode: '1062' } })])
  expect(driver).toMatchObject({ code: '1062', meaning: expect.stringContaining('unique values') })
  const [other] = failuresOf([call(1, { error: { name: 'TypeError' } })])
  expect(other).toMatchObject({ code: 'TypeError', meaning: null })
})

test('nothing that failed is nothing', () => {
  expect(failuresOf([call(1)])).toEqual([])
})
