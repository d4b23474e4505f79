import { savedBy } from '../src/answer/saved.ts'
import { call, statement } from './calls.ts'
import { LoneTimes } from '../src/history/lone-times.ts'

const after = (lone: LoneTimes) => ({ loneMs: (each: ReturnType<typeof call>) => lone.median(each) })

const batch = { id: 1, calls: 3 }

test('a call that another one answered in its statement, or the cache, was not sent', () => {
  const timeline = [
    call(1, { batch }),
    call(2, { batch, statements: [] }),
    call(3, { batch, statements: [] }),
    call(4, { cache: 'hit', statements: [] }),
    call(5, { cache: 'miss' }),
  ]
  expect(savedBy(timeline, after(new LoneTimes()))).toEqual({ merged: 2, cached: 1, ms: null, timed: 0 })
})

test('calls of a batch that were sent by themselves after all saved nothing', () => {
  expect(
    savedBy([call(1, { batch }), call(2, { batch }), call(3, { batch })], after(new LoneTimes())),
  ).toEqual({
    merged: 0,
    cached: 0,
    ms: null,
    timed: 0,
  })
})

test('time is that of calls of the place which were sent by themselves, and of no others', () => {
  const lone = new LoneTimes()
  for (const ms of [1, 2, 9]) lone.add(call(1, { statements: [statement(ms)] }))
  lone.add(call(2, { statements: [statement(50)], batch }))
  const timeline = [
    call(3, { cache: 'hit', statements: [] }),
    call(4, { cache: 'stale', statements: [] }),
    call(5, { cache: 'hit', statements: [], callSite: '/app/elsewhere.ts:1:1' }),
  ]
  expect(savedBy(timeline, after(lone))).toEqual({ merged: 0, cached: 3, ms: 4, timed: 2 })
})
