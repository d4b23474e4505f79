import type { RecordedCall } from '@prisma-brisk/slow-query'
import fc from 'fast-check'
import { foldRecording } from '../../src/recording/fold-recording.ts'
import { recordingText } from '../../src/recording/queries-file.ts'
import { RECORDING_VERSION, type QueryLine } from '../../src/recording/recording.ts'
import { call, processOf, ROOT, testOf } from './recorded.ts'

const TITLE = 'test/a.test.ts › one'

function fold(...processes: readonly (readonly RecordedCall[])[]): Record<string, QueryLine[]> {
  const folded = foldRecording(
    processes.map((calls) => processOf(calls)),
    ROOT,
  )
  const plain = Object.entries(Object.fromEntries(folded)).map(([title, lines]) => [
    title,
    lines.map((each) => {
      const { site: _, texts: __, ...line } = each
      return line
    }),
  ])
  return Object.fromEntries(plain) as Record<string, QueryLine[]>
}

function lineOf(...calls: readonly RecordedCall[]): QueryLine | undefined {
  return fold(calls)[TITLE]?.[0]
}

describe('a line', () => {
  test('counts calls and statements, and says rows as an order of magnitude', () => {
    expect(lineOf(call({ rows: 7, statements: [0, 1] }), call({ rows: 42 }))).toEqual({
      call: 'Post.findMany({ where: { authorId } })',
      at: 'src/post.ts',
      calls: 2,
      statements: 3,
      rows: '<100',
    })
    for (const [rows, said] of [
      [0, '0'],
      [1, '1'],
      [2, '<10'],
      [9, '<10'],
      [10, '<100'],
      [100, '<1000'],
    ] as const)
      expect(lineOf(call({ rows }))?.rows).toBe(said)
  })

  test('stands under test, route or file, with the route of a test beside it', () => {
    const scope = { name: 'GET /posts', number: 1 }
    expect(
      Object.keys(
        fold([
          call(),
          call({ test: null, scope }),
          call({ test: null }),
          call({ test: null, site: null }),
          call({ test: null, site: '/elsewhere/x.ts:1:1' }),
          call({ test: testOf('', { path: [], kind: 'setup' }) }),
          call({ test: testOf('', { path: ['feed'], kind: 'several' }) }),
        ]),
      ).sort(),
    ).toEqual([
      '(outside of tests) run.js',
      '(outside of tests) src/post.ts',
      'GET /posts',
      'test/a.test.ts (setup)',
      'test/a.test.ts › feed (several tests at once)',
      TITLE,
    ])
    expect(lineOf(call({ scope }))?.in).toBe('GET /posts')
  })

  test('runs of one test make ranges, and what only some of the runs have may be missing', () => {
    const [first, second] = [testOf('one', { run: '1' }), testOf('one', { run: '2' })]
    const other = { signature: 'User.count({})' }
    expect(
      fold([
        call({ test: first }),
        call({ test: first }),
        call({ test: second }),
        call({ test: second, ...other }),
      ])[TITLE]?.map(({ calls, statements }) => [calls, statements]),
    ).toEqual([
      ['1-2', '1-2'],
      ['0-1', '0-1'],
    ])
  })

  test('a test that was tried again counts as it went the last time', () => {
    const again = testOf('one', { attempt: 1 })
    expect(fold([call(), call(), call({ test: again })])[TITLE]?.[0]?.calls).toBe(1)
  })

  test('a test that asks several processes is one run', () => {
    expect(fold([call()], [call()])[TITLE]?.[0]?.calls).toBe(2)
  })
})

describe('what a race can change', () => {
  const mergeable = { isMergeable: true } as const
  const batch = { id: 1, calls: 2 }

  test('calls beside each other that batching may merge: from the statements of one to those of all, merged or not', () => {
    const merged = [
      call({ ...mergeable, from: 10, to: 30, batch }),
      call({ ...mergeable, from: 11, to: 30, batch, statements: [] }),
    ]
    const apart = [call({ ...mergeable, branch: '0' }), call({ ...mergeable, branch: '1' })]
    expect(lineOf(...merged)?.statements).toBe('1-2')
    expect(lineOf(...apart)?.statements).toBe('1-2')
  })

  test('calls one after the other are counted exactly', () => {
    expect(lineOf(call(mergeable), call(mergeable))?.statements).toBe(2)
  })

  test('a call merged with those of another test counts as if it were alone, on both sides', () => {
    const other = testOf('two')
    const queries = fold([
      call({ ...mergeable, batch }),
      call({ ...mergeable, batch, statements: [], test: other }),
    ])
    expect(queries[TITLE]?.[0]?.statements).toBe(1)
    expect(queries['test/a.test.ts › two']?.[0]?.statements).toBe(1)
  })

  test('what the cache may answer is from none, as many as a miss sends, whoever missed', () => {
    const hit = call({ cache: 'hit', statements: [] })
    const miss = call({ cache: 'miss', test: testOf('two'), statements: [0, 1] })
    expect(fold([hit, miss])[TITLE]?.[0]?.statements).toBe('0-2')
    expect(fold([hit, { ...hit, from: hit.from + 7 }, miss])[TITLE]?.[0]?.statements).toBe('0-4')
  })

  test('the order in which processes and calls are read changes nothing', () => {
    const forms = fc.record({
      signature: fc.constantFrom('Post.count({})', 'User.count({})', 'Tag.findMany({})'),
      test: fc.constantFrom(testOf('one'), testOf('two'), testOf('one', { run: 'x' }), null),
      values: fc.constantFrom('a', 'b', 'c'),
      branch: fc.constantFrom('', '0', '1'),
      rows: fc.nat(200),
      statements: fc.constantFrom([], [0], [0, 1]),
    })
    const text = (processes: readonly (readonly RecordedCall[])[]): string =>
      recordingText({ version: RECORDING_VERSION, queries: fold(...processes) })
    fc.assert(
      fc.property(fc.array(fc.array(forms, { maxLength: 12 }), { maxLength: 4 }), (given) => {
        const processes = given.map((each) => each.map((form) => call(form)))
        const shuffled = processes.toReversed().map((each) => each.toReversed())
        expect(text(shuffled)).toBe(text(processes))
      }),
    )
  })
})

describe('loops', () => {
  const thrice = (more: Partial<RecordedCall>[] | Partial<RecordedCall> = {}): RecordedCall[] =>
    [0, 1, 2].map((at) => call(Array.isArray(more) ? more[at] : more))

  test('three calls of one form and place with several values', () => {
    expect(lineOf(...thrice())?.loop).toBe(3)
    expect(lineOf(...thrice().slice(1))?.loop).toBeUndefined()
    expect(lineOf(...thrice([{ site: '/app/src/other.ts:1:1' }, {}, {}]))?.loop).toBeUndefined()
    expect(lineOf(...thrice().map((each) => ({ ...each, args: 'same', list: 'same' })))?.loop).toBeUndefined()
  })

  test('a walk, a retry, pieces of an import, one array transaction and raw SQL are none', () => {
    expect(lineOf(...thrice({ list: 'one list' }))?.loop).toBeUndefined()
    expect(lineOf(...thrice({ failed: true }))?.loop).toBeUndefined()
    expect(lineOf(...thrice({ isBulk: true }))?.loop).toBeUndefined()
    expect(lineOf(...thrice({ transaction: 'array' }))?.loop).toBeUndefined()
    expect(lineOf(...thrice({ kind: 'raw' }))?.loop).toBeUndefined()
  })

  test('writes of one value are a loop', () => {
    expect(lineOf(...thrice({ kind: 'write', args: 'same', list: 'same' }))?.loop).toBe(3)
  })

  test('members of one Promise.all are one where nothing merges them, and none under batching', () => {
    const branches = [{ branch: '0' }, { branch: '1' }, { branch: '2' }]
    expect(lineOf(...thrice(branches))?.loop).toBe(3)
    expect(
      lineOf(...thrice(branches.map((each) => ({ ...each, isMergeable: true as const }))))?.loop,
    ).toBeUndefined()
  })

  test('calls that begin before the one before has ended are no loop under batching, and one without it', () => {
    const beside = thrice([0, 1, 2].map((at) => ({ from: at, to: 10 })))
    expect(lineOf(...beside)?.loop).toBe(3)
    expect(lineOf(...beside.map((each) => ({ ...each, isMergeable: true as const })))?.loop).toBeUndefined()
  })

  test('a loop within a member of Promise.all is one under batching too', () => {
    expect(lineOf(...thrice({ branch: '0', isMergeable: true }), call({ branch: '1' }))?.loop).toBe(3)
  })

  test('each request for itself', () => {
    const scopes = [1, 2, 3].map((number) => ({ scope: { name: 'GET /', number } }))
    expect(lineOf(...thrice(scopes))?.loop).toBeUndefined()
  })
})

describe('duplicate reads', () => {
  const same = { values: 'same' }
  test('what was read before in the same request, with no write of the model between', () => {
    expect(lineOf(call(same), call(same), call(same))?.duplicates).toBe(2)
    expect(lineOf(call(same), call({ values: 'other' }))?.duplicates).toBeUndefined()
    const between = (more: Partial<RecordedCall>) => [call(same), call(more), call(same)]
    expect(
      lineOf(...between({ kind: 'write', signature: 'Post.create({ data })' }))?.duplicates,
    ).toBeUndefined()
    expect(lineOf(...between({ kind: 'raw', signature: '$executeRaw' }))?.duplicates).toBeUndefined()
    const ofUsers = { kind: 'write', model: 'User', signature: 'User.create({ data })' } as const
    expect(lineOf(...between(ofUsers))?.duplicates).toBe(1)
    const scope = { name: 'GET /', number: 1 }
    expect(
      lineOf(call({ ...same, scope }), call({ ...same, scope: { ...scope, number: 2 } }))?.duplicates,
    ).toBeUndefined()
  })
})
