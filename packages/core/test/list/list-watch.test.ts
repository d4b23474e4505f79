import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { ListWatch } from '../../src/list/list-watch.ts'
import type { LongList, LongListReport, QuietLists } from '../../src/list/long-list.ts'

const { jest } = import.meta
const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
beforeEach(() => warned.mockClear())

const DAY = 86_400_000
const long: LongList = {
  model: 'Post',
  operation: 'findMany',
  list: 'Post.findMany',
  callSite: 'src/posts.ts:3:9',
  policy: 'warn',
  code: 'E_UNBOUNDED_READ',
  limit: 200,
  rows: 250,
}

function watched() {
  const clock = { now: Date.UTC(2026, 0, 1) }
  const watch = new ListWatch(() => clock.now)
  const reports: LongListReport[] = []
  const quiet: QuietLists[] = []
  watch.listen({ long: (report) => reports.push(report), quiet: (each) => quiet.push(each) })
  return { watch, clock, reports, quiet }
}

const warnings = () =>
  warned.mock.calls.map(([message, options]) => [(options as unknown as { code: string }).code, message])

describe('a long list', () => {
  test('P1 is told once a place and minute, with the longest and how often', () => {
    const { watch, clock, reports } = watched()
    for (const rows of [250, 900, 300]) {
      watch.add({ ...long, rows })
      clock.now += 10_000
    }
    watch.add({ ...long, callSite: 'src/other.ts:1:1' })
    expect(reports.map(({ callSite, rows, count, seconds }) => [callSite, rows, count, seconds])).toEqual([
      ['src/posts.ts:3:9', 250, 1, 0],
      ['src/other.ts:1:1', 250, 1, 0],
    ])
    clock.now += 30_000
    watch.add(long)
    expect(reports.slice(2).map(({ rows, count, seconds }) => [rows, count, seconds])).toEqual([[900, 3, 60]])
  })

  test('P1 what was not told is told at the end, and once', () => {
    const { watch, reports } = watched()
    watch.add(long)
    watch.add({ ...long, rows: 700 })
    watch.flush()
    watch.flush()
    expect(reports.map(({ rows, count }) => [rows, count])).toEqual([
      [250, 1],
      [700, 1],
    ])
  })

  test('P1 is a process warning where no log listens, and stays counted', () => {
    const watch = new ListWatch(() => 0)
    watch.add(long)
    watch.add(long)
    expect(warnings()).toEqual([
      [
        'W_LONG_LIST',
        expect.stringMatching(
          /^prisma-brisk: Post\.findMany at src\/posts\.ts:3:9 had 250 rows, more than 200\. A guard would refuse it \(E_UNBOUNDED_READ\)\. Give it a take, .*unbounded: 'nightly export'\.$/,
        ),
      ],
    ])
    expect(watch.counts('Post', 'findMany')).toEqual({ over: 2, cut: 0, rows: 250 })
    expect(watch.counts('User', 'findMany')).toEqual({ over: 0, cut: 0, rows: 0 })
    expect(watch.seen()).toEqual([{ ...long, count: 2 }])
  })

  test("P1 under 'allow' the channel speaks, and nobody else", () => {
    const { watch, reports } = watched()
    const events: unknown[] = []
    const listen = (event: unknown) => events.push(event)
    subscribe('prisma-brisk:limit', listen)
    watch.add({ ...long, policy: 'allow' })
    unsubscribe('prisma-brisk:limit', listen)
    const { policy: _, ...rest } = long
    expect(events).toEqual([{ rule: 'allow', ...rest, count: 1, seconds: 0 }])
    expect(reports).toEqual([])
    expect(warnings()).toEqual([])
    expect(watch.counts('Post', 'findMany').over).toBe(1)
  })

  test('P1 a cut is warned about though a log listens, again after a minute with its count', () => {
    const { watch, clock, reports } = watched()
    const cut = { ...long, policy: 'cut', code: 'W_LIST_CUT', limit: 50, rows: 50 } as const
    for (let time = 0; time < 7; time++) {
      watch.add(cut)
      clock.now += 10_000
    }
    expect(warnings()).toEqual([
      ['W_LIST_CUT', expect.stringContaining('was cut to its default limit of 50 rows. Give it a take')],
      ['W_LIST_CUT', expect.stringContaining('was cut to its default limit of 50 rows (6 times in 60 s). ')],
    ])
    expect(reports).toEqual([])
    expect(watch.counts('Post', 'findMany')).toEqual({ over: 0, cut: 7, rows: 50 })
  })

  test('P1 a thousand places are told apart; the oldest makes room and is told', () => {
    const { watch, reports } = watched()
    watch.add({ ...long, list: 'first' })
    watch.add({ ...long, list: 'first' })
    for (let place = 0; place < 1000; place++) watch.add({ ...long, list: `Post.findMany ${place}` })
    expect(watch.seen()).toHaveLength(1000)
    expect(reports.filter(({ list }) => list === 'first').map(({ count }) => count)).toEqual([1, 1])
  })
})

describe('a quiet week', () => {
  const look = (watch: ListWatch, times: number) => {
    for (let time = 0; time < times; time++) watch.judged(time % 144, 200)
  }

  test('P1 is told once, says since when and of how many lists, and starts again with each long list', () => {
    const { watch, clock, quiet } = watched()
    look(watch, 600)
    clock.now += 6 * DAY
    watch.add(long)
    look(watch, 600)
    clock.now += 6.9 * DAY
    look(watch, 600)
    expect(quiet).toEqual([])
    expect(watch.quiet()).toMatchObject({ lists: 1200, isLong: false })
    clock.now += DAY
    look(watch, 600)
    look(watch, 600)
    expect(quiet).toEqual([
      expect.objectContaining({ since: Date.UTC(2026, 0, 7), longest: 143, limit: 200 }),
    ])
    expect(warnings()).toEqual([])
  })

  test('P1 is no week of silence where nothing was read', () => {
    const { watch, clock, quiet } = watched()
    look(watch, 1)
    clock.now += 30 * DAY
    look(watch, 998)
    expect(watch.quiet()?.isLong).toBe(false)
    look(watch, 1)
    expect(watch.quiet()?.isLong).toBe(true)
    expect(quiet).toEqual([])
  })

  test('P1 is a process warning where no log listens', () => {
    const clock = { now: Date.UTC(2026, 0, 1) }
    const watch = new ListWatch(() => clock.now)
    look(watch, 1)
    clock.now += 7 * DAY
    look(watch, 2000)
    expect(warnings()).toEqual([
      [
        'W_LISTS_QUIET',
        "prisma-brisk: no list above 200 rows in 7 days: you can switch to guard, pagination: { limits: 'guard' }. This process has looked at 1024 lists since 2026-01-01T00:00:00.000Z; the longest had 143 rows.",
      ],
    ])
  })
})
