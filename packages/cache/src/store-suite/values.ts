import assert from 'node:assert/strict'
import type { DecimalClass } from '../codec/value-copy.ts'
import { entryOf, stored } from './stored-entry.ts'
import type { RunCheck } from './run-check.ts'

/** Values come back exactly or not at all. */
export function testValues(run: RunCheck, decimal: DecimalClass | undefined): void {
  run('null, an empty list and undefined fields are values', async (store) => {
    for (const value of [null, [], {}, 0, '', false, { a: undefined, b: null }]) {
      await stored(store, 'key', [], value)
      const { entry } = await store.lookup('key', [])
      assert.ok(entry)
      assertSame(entry.open(), value)
    }
  })

  run('values come back exactly: types, prototypes, key order', async (store) => {
    for (const [index, value] of valuesOf(decimal).entries()) {
      await stored(store, `key ${index}`, ['a'], value)
      const { entry } = await store.lookup(`key ${index}`, ['a'])
      assert.ok(entry)
      assertSame(entry.open(), value)
    }
  })

  run('text that looks like an encoding is text', async (store) => {
    const texts = [
      '$',
      '$$',
      '$u',
      '$d0',
      '$i1',
      '$m1',
      '$nNaN',
      '$b',
      '"',
      '\\',
      '\n',
      '\u0000',
      '\ud800',
      '{"a":1}',
    ]
    await stored(store, 'key', [], texts)
    assertSame((await store.lookup('key', [])).entry?.open(), texts)
  })

  run('what the caller does to a value after writing it changes nothing', async (store) => {
    const value = { list: [1], date: new Date(0) }
    const stamps = await store.observe(['a'])
    const writing = store.write('key', entryOf(['a'], stamps), value)
    value.list.push(2)
    value.date.setTime(1)
    await writing
    assertSame((await store.lookup('key', [])).entry?.open(), { list: [1], date: new Date(0) })
  })

  run('each opened value is a separate copy', async (store) => {
    const value = { rows: [{ at: new Date(0), bytes: new Uint8Array([1]) }] }
    await stored(store, 'key', [], value)
    // Time and again, and of several look-ups at once: a store may have copies ready, and must give each but once.
    for (let time = 0; time < 4; time++) {
      const found = await Promise.all([1, 2, 3].map(async () => store.lookup('key', [])))
      const opened = found.flatMap(({ entry }) => [entry?.open(), entry?.open()]) as (typeof value)[]
      for (const each of opened) {
        assertSame(each, value)
        each.rows[0]?.at.setTime(1)
        each.rows.push({ at: new Date(1), bytes: new Uint8Array() })
      }
    }
  })

  run('what cannot come back exactly is refused, or missing', async (store) => {
    for (const value of [() => 1, Symbol('a'), new Map(), new (class Own {})(), { deep: [new Set()] }]) {
      const stamps = await store.observe(['a'])
      await (async () => store.write('key', entryOf(['a'], stamps), value))().catch(() => undefined)
      assert.equal((await store.lookup('key', ['a'])).entry, null)
    }
  })
}

function assertSame(actual: unknown, expected: unknown): void {
  // Strict: prototypes, -0 and NaN count.
  assert.deepStrictEqual(actual, expected)
  assert.equal(orderOf(actual), orderOf(expected))
}

function orderOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return ''
  return Object.entries(value)
    .map(([key, each]) => `${key}(${orderOf(each)})`)
    .join()
}

function valuesOf(decimal: DecimalClass | undefined): unknown[] {
  const json = JSON.parse('{"__proto__": {"a": 1}, "constructor": null, "10": 1, "9": [[], {}]}') as unknown
  return [
    { z: 1, a: 2, m: { y: null, x: true } },
    [0, -0, 1.5, -1e21, 5e-324, Number.MAX_SAFE_INTEGER, NaN, Infinity, -Infinity],
    [0n, -1n, 9_007_199_254_740_993n, 2n ** 200n],
    [new Date(0), new Date(-1), new Date(8.64e15), new Date('2024-02-29T12:34:56.789Z')],
    [new Uint8Array(), new Uint8Array([0, 127, 128, 255]), Buffer.from('bytes')],
    ['', 'a', 'ü€😀', '\ud800 lone', '\u2028', 'x'.repeat(10_000)],
    json,
    [[[]], [null], [{ a: [] }]],
    ...(decimal === undefined
      ? []
      : [
          ['0', '-0', '1.10', '12345678901234567890.123456789', '1e-30', '-5e+40'].map(
            (text) => new decimal(text),
          ),
        ]),
  ]
}
