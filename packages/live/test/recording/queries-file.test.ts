import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  mergedRecordings,
  parseRecording,
  readRecording,
  recordingText,
  writeRecording,
} from '../../src/recording/queries-file.ts'
import type { QueryLine, Recording } from '../../src/recording/recording.ts'

const WHOLE: QueryLine = {
  call: 'Post.findMany({ where: { title } })',
  in: 'GET /posts',
  at: 'src/post.ts',
  calls: '1-3',
  statements: 4,
  rows: '<100',
  loop: 3,
  duplicates: '0-2',
  unbounded: true,
  unindexed: ['title'],
  cost: 1200,
  plan: ['Seq Scan Post'],
  scans: { Post: 1_200_000 },
}
const PLAIN: QueryLine = { call: 'Tag.count({})', calls: 1, statements: 1, rows: '1' }

function recording(queries: Recording['queries']): Recording {
  return { version: 1, queries }
}

/** As much of a JSON schema as this one uses. */
interface Ajv {
  compile(schema: unknown): (value: unknown) => boolean
}

test('a recording is one line a call, sorted by code unit, and reads back as it was', () => {
  const given = recording({ 'b › two': [PLAIN, WHOLE], 'a › one': [PLAIN], 'Ä "three"': [PLAIN] })
  const text = recordingText(given)
  expect(text.split('\n').filter((line) => line.includes('"call"'))).toHaveLength(4)
  expect([...text.matchAll(/^ {4}(".*"): \[$/gm)].map(([, title]) => title)).toEqual([
    '"a › one"',
    '"b › two"',
    '"Ä \\"three\\""',
  ])
  expect(parseRecording(text, 'x')).toEqual(recording({ ...given.queries, 'b › two': [WHOLE, PLAIN] }))
  expect(recordingText(parseRecording(text, 'x'))).toBe(text)
  expect(recordingText(recording({}))).toContain('"queries": {}')
})

test('the published schema takes what is written, and nothing else', () => {
  const require = createRequire(import.meta.url)
  const requireThere = createRequire(
    createRequire(require.resolve('@prisma-brisk/index-advisor/package.json')).resolve(
      '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json',
    ),
  )
  const ajv = new (requireThere('ajv') as new () => Ajv)()
  const schema = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../brisk-queries.schema.json'), 'utf8'),
  ) as unknown
  const isValid = ajv.compile(schema)
  const value = JSON.parse(recordingText(recording({ a: [WHOLE, PLAIN] }))) as Recording
  expect(isValid(value)).toBe(true)
  for (const name of Object.keys(WHOLE)) {
    const wrong = recording({ a: [{ ...WHOLE, [name]: { wrong: 'x' } }] })
    expect([name, isValid(wrong)]).toEqual([name, false])
    expect(() => parseRecording(JSON.stringify(wrong), 'x')).toThrow(`a wrong ${name} at "a"`)
  }
  expect(isValid(recording({ a: [{ ...PLAIN, other: 1 } as QueryLine] }))).toBe(false)
})

test.each([
  ['{', 'no JSON'],
  ['[]', 'no object'],
  ['{"version":2,"queries":{}}', 'version 2'],
  ['{"queries":{}}', 'version none'],
  ['{"version":1}', 'no queries'],
  ['{"version":1,"queries":{"a":1}}', 'no list at "a"'],
  ['{"version":1,"queries":{"a":[1]}}', 'no line at "a"'],
  ['{\n<<<<<<< ours\n', 'the marks of a merge conflict in line 2'],
  ['{\n"a"\n=======\n', 'the marks of a merge conflict in line 3'],
])('of %j it says: %s', (text, said) => {
  expect(() => parseRecording(text, 'brisk-queries.json')).toThrow(
    expect.objectContaining({ code: 'E_RECORDING', message: expect.stringContaining(said) as string }),
  )
})

test('a recording is written whole or not at all', () => {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-file-'))
  try {
    const path = join(directory, 'brisk-queries.json')
    writeRecording(path, recording({ a: [PLAIN] }))
    expect(readRecording(path)).toEqual(recording({ a: [PLAIN] }))
    expect(readdirSync(directory)).toEqual(['brisk-queries.json'])
    expect(readRecording(join(directory, 'none.json'))).toBeNull()
    writeFileSync(path, `\uFEFF${readFileSync(path, 'utf8').replaceAll('\n', '\r\n')}`)
    expect(readRecording(path)).toEqual(recording({ a: [PLAIN] }))
    expect(() => writeRecording(join(directory, 'none/x.json'), recording({}))).toThrow(
      expect.objectContaining({ code: 'E_RECORDING' }),
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
})

describe('merged recordings', () => {
  test('of shards have the tests of all', () => {
    expect(mergedRecordings([recording({ a: [PLAIN] }), recording({ b: [WHOLE] })])).toEqual(
      recording({ a: [PLAIN], b: [WHOLE] }),
    )
  })

  test('of several runs widen what differs, and let be missing what one of them lacks', () => {
    const other: QueryLine = {
      ...WHOLE,
      calls: 5,
      statements: 1,
      rows: '1',
      cost: 9,
      plan: ['Index Scan Post a'],
    }
    expect(
      mergedRecordings([recording({ a: [WHOLE, PLAIN] }), recording({ a: [other] })]).queries['a'],
    ).toEqual([
      { ...WHOLE, calls: '1-5', statements: '1-4', plan: ['Index Scan Post a', 'Seq Scan Post'] },
      { ...PLAIN, calls: '0-1', statements: '0-1' },
    ])
    expect(
      mergedRecordings([recording({ a: [other] }), recording({ a: [WHOLE] })]).queries['a']?.[0]?.rows,
    ).toBe('<100')
  })

  test('of one are it, in whatever order they are given', () => {
    const [a, b] = [recording({ a: [WHOLE], b: [PLAIN] }), recording({ a: [PLAIN] })]
    expect(mergedRecordings([a])).toEqual(a)
    expect(mergedRecordings([a, a])).toEqual(a)
    expect(recordingText(mergedRecordings([a, b]))).toBe(recordingText(mergedRecordings([b, a])))
  })
})
