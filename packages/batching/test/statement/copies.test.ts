import { copyOf } from '../../src/statement/copies.ts'

test('B2 a copy is equal and shares nothing', () => {
  const answer = {
    at: new Date(5),
    bytes: new Uint8Array([1, 2]),
    list: [{ id: 1n, json: { a: [null, true, 'x'] } }],
    count: 3,
    none: null,
  }
  const copy = copyOf(answer)
  expect(copy).toEqual(answer)
  expect(Object.keys(copy)).toEqual(Object.keys(answer))
  copy.at.setTime(0)
  copy.bytes[0] = 9
  copy.list[0]!.json.a.push('y')
  expect(answer).toEqual({ ...answer, at: new Date(5), bytes: new Uint8Array([1, 2]) })
  expect(answer.list[0]!.json.a).toHaveLength(3)
})

test('B13 a JSON key of the name __proto__ stays one', () => {
  const copy = copyOf(JSON.parse('{"__proto__": {"a": 1}}')) as object
  expect(Object.keys(copy)).toEqual(['__proto__'])
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
})

test('B2 a copy of a Buffer shares no memory with it', () => {
  const answer = { bytes: Buffer.from([1, 2]) }
  const copy = copyOf(answer)
  copy.bytes[0] = 9
  expect([...answer.bytes]).toEqual([1, 2])
  expect(copy.bytes).toBeInstanceOf(Buffer)
})
