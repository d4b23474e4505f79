import assert from 'node:assert/strict'
import type { CacheStore } from './cache-store.ts'
import { isValid, type Entry } from './entry.ts'

/** How the suite makes and unmakes what it tests. */
export interface CacheStoreTests {
  /** The test function of the framework: jest's and vitest's `test`, or that of `node:test`. */
  readonly test: (title: string, run: () => Promise<void>) => unknown
  /** A store on an empty backend, or one whose keys nobody else uses. */
  readonly create: () => CacheStore | Promise<CacheStore>
  /** Another store on the same backend, where the backend is shared: what another process would see. */
  readonly createPeer?: () => CacheStore | Promise<CacheStore>
  /** Runs after each test. */
  readonly destroy?: (store: CacheStore) => unknown
  /** The application's decimal class. Without one, decimals are left out. */
  readonly decimal?: new (value: string) => object
  /** Waits for the backend's own clock, where it has one. Default: real time. */
  readonly wait?: (ms: number) => Promise<void>
}

/**
 * What every store promises, as tests: it never gives a stamp that was invalidated, hands out separate copies, and
 * brings values back exactly or not at all. Without all of it the cache above would give wrong answers.
 *
 * @example
 * import { testCacheStore } from '@prisma-brisk/cache/testing'
 * describe('my store', () => testCacheStore({ test, create: () => myStore(), decimal: Prisma.Decimal }))
 */
export function testCacheStore(tests: CacheStoreTests): void {
  const { decimal, wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) } = tests
  const run = (title: string, check: (store: CacheStore) => Promise<void>): void => {
    tests.test(title, async () => {
      const store = await tests.create()
      if (decimal !== undefined) store.useDecimal?.(decimal)
      try {
        await check(store)
      } finally {
        await tests.destroy?.(store)
        await store.close?.()
      }
    })
  }

  run('a key that was never written is missing, and its tags are given stamps', async (store) => {
    const { entry, stamps } = await store.lookup('key', ['a', 'b'])
    assert.equal(entry, null)
    assert.equal(stamps.length, 2)
    assert.notEqual(stamps[0], stamps[1])
    for (const stamp of stamps) assert.match(stamp, /^[^!]/)
  })

  run('stamps stay as they are, in the order asked, for look-ups and observations', async (store) => {
    const [a, b] = await store.observe(['a', 'b'])
    assert.deepEqual(await store.observe(['b', 'a']), [b, a])
    assert.deepEqual((await store.lookup('key', ['a', 'b'])).stamps, [a, b])
    assert.deepEqual((await store.lookup('key', [])).stamps, [])
    assert.deepEqual(await store.observe(['a', 'a']), [a, a])
  })

  run('all who observe a new tag at once see one stamp', async (store) => {
    const peer = await tests.createPeer?.()
    const seen = await Promise.all(
      Array.from({ length: 20 }, async (_, index) =>
        (index % 2 === 0 ? store : (peer ?? store)).observe(['new']),
      ),
    )
    assert.equal(new Set(seen.flat()).size, 1)
    await peer?.close?.()
  })

  run('invalidating changes the stamps of these tags and of no others', async (store) => {
    const before = await store.observe(['a', 'b', 'c'])
    await store.invalidate(['a', 'c', 'unknown'])
    const after = await store.observe(['a', 'b', 'c'])
    assert.notEqual(after[0], before[0])
    assert.equal(after[1], before[1])
    assert.notEqual(after[2], before[2])
    assert.notEqual(after[0], after[2])
  })

  run(
    'a signed tag is given a stamp with that signature, and keeps it until it is invalidated',
    async (store) => {
      const mine = { tag: 'a', signature: 'mine' }
      const theirs = { tag: 'a', signature: 'theirs' }
      const [a, b] = (await store.lookup('key', ['a', 'b'], mine)).stamps as [string, string]
      assert.ok(a.endsWith('.mine'))
      assert.ok(!b.endsWith('.mine'))
      assert.deepEqual(await store.observe(['b', 'a'], theirs), [b, a])
      await store.invalidate(['a', 'b'])
      const after = await store.observe(['a', 'b'], theirs)
      assert.ok(after[0]?.endsWith('.theirs'))
      assert.ok(!after[1]?.endsWith('.theirs'))
      assert.notEqual(after[1], b)
    },
  )

  run('no stamp comes twice', async (store) => {
    const seen = new Set<string>()
    for (let round = 0; round < 50; round++) {
      seen.add((await store.observe(['a']))[0] as string)
      await store.invalidate(['a'])
    }
    assert.equal(seen.size, 50)
  })

  run('an entry comes back with its header and an equal value', async (store) => {
    const value = [{ id: 1, name: 'Ada' }]
    const entry = await stored(store, 'key', ['a', 'b'], value)
    const found = (await store.lookup('key', ['a', 'b'])).entry
    assert.ok(found)
    assert.deepEqual(headerOf(found), headerOf(entry))
    assert.deepEqual(found.open(), value)
    assert.ok(isValid(found, ['a', 'b'], await store.observe(['a', 'b'])))
  })

  run('an entry is as good as the stamps it was stored with, not as those of its arrival', async (store) => {
    const stamps = await store.observe(['a'])
    await store.invalidate(['a'])
    await store.write('late', entryOf(['a'], stamps), 'old')
    const found = await store.lookup('late', ['a'])
    assert.ok(found.entry === null || !isValid(found.entry, ['a'], found.stamps))
  })

  run('an invalidated entry is missing or no longer valid', async (store) => {
    await stored(store, 'key', ['a', 'b'], 1)
    await store.invalidate(['b'])
    const found = await store.lookup('key', ['a', 'b'])
    assert.ok(found.entry === null || !isValid(found.entry, ['a', 'b'], found.stamps))
  })

  run(
    'the current entry of a key is given while its tags have its stamps, and never after',
    async (store) => {
      if (store.current === undefined) return
      assert.equal(store.current('key'), null)
      await stored(store, 'key', ['a', 'b'], [1])
      assert.deepEqual(store.current('key')?.open(), [1])
      await store.invalidate(['c'])
      assert.notEqual(store.current('key'), null)
      await store.invalidate(['b'])
      assert.equal(store.current('key'), null)
      await store.observe(['a', 'b'])
      assert.equal(store.current('key'), null)
      const stamps = await store.observe(['a'])
      await store.invalidate(['a'])
      await store.write('late', entryOf(['a'], stamps), 'old')
      assert.equal(store.current('late'), null)
      await stored(store, 'key', ['a'], [2])
      assert.deepEqual(store.current('key')?.open(), [2])
      await store.remove('key')
      assert.equal(store.current('key'), null)
    },
  )

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
    const { entry } = await store.lookup('key', [])
    const [first, second] = [entry?.open(), entry?.open()] as [typeof value, typeof value]
    first.rows[0]?.at.setTime(1)
    first.rows.push({ at: new Date(1), bytes: new Uint8Array() })
    assertSame(second, value)
    assertSame((await store.lookup('key', [])).entry?.open(), value)
  })

  run('what cannot come back exactly is refused, or missing', async (store) => {
    for (const value of [() => 1, Symbol('a'), new Map(), new (class Own {})(), { deep: [new Set()] }]) {
      const stamps = await store.observe(['a'])
      await (async () => store.write('key', entryOf(['a'], stamps), value))().catch(() => undefined)
      assert.equal((await store.lookup('key', ['a'])).entry, null)
    }
  })

  run('a key is overwritten and removed', async (store) => {
    await stored(store, 'key', ['a'], 1)
    await stored(store, 'key', ['b'], 2)
    const { entry } = await store.lookup('key', ['a', 'b'])
    assert.equal(entry?.open(), 2)
    assert.deepEqual(entry.tags, ['b'])
    await store.remove('key')
    await store.remove('key')
    assert.equal((await store.lookup('key', [])).entry, null)
  })

  run('keys and tags may hold any text', async (store) => {
    const names = ['a:b', 'a', '{a}b', 'ü€😀', ' ', '*', 'x'.repeat(300), '__proto__', 'constructor']
    const tags = names.map((name) => `${name}.`)
    for (const name of names) await stored(store, name, tags, name)
    for (const name of names) assert.equal((await store.lookup(name, tags)).entry?.open(), name)
    assert.equal(new Set(await store.observe(tags)).size, names.length)
  })

  run('many look-ups at once each get their own', async (store) => {
    const keys = Array.from({ length: 300 }, (_, index) => `key ${index}`)
    await Promise.all(keys.map((key) => stored(store, key, [`tag of ${key}`, 'all'], key)))
    const found = await Promise.all(keys.map(async (key) => store.lookup(key, [`tag of ${key}`, 'all'])))
    found.forEach(({ entry, stamps }, index) => {
      assert.ok(entry)
      assert.equal(entry.open(), keys[index])
      assert.ok(isValid(entry, [`tag of ${keys[index]}`, 'all'], stamps))
    })
    await store.invalidate(['all'])
    const again = await store.lookup('key 7', ['tag of key 7', 'all'])
    assert.ok(again.entry === null || !isValid(again.entry, ['tag of key 7', 'all'], again.stamps))
  })

  if (tests.createPeer !== undefined) {
    const createPeer = tests.createPeer
    run('another process sees entries and invalidations', async (store) => {
      const peer = await createPeer()
      if (decimal !== undefined) peer.useDecimal?.(decimal)
      await stored(store, 'key', ['a'], 'shared')
      const found = await peer.lookup('key', ['a'])
      assert.equal(found.entry?.open(), 'shared')
      assert.ok(isValid(found.entry, ['a'], found.stamps))
      await peer.invalidate(['a'])
      assert.notDeepEqual(await store.observe(['a']), found.stamps)
      await peer.close?.()
    })
  }

  run('a lock has one holder, until it is unlocked or its lease is over', async (store) => {
    if (store.lock === undefined) return
    assert.equal(await store.lock('key', 'one', 10_000), true)
    assert.equal(await store.lock('key', 'two', 10_000), false)
    await store.unlock?.('key', 'two')
    assert.equal(await store.lock('key', 'three', 10_000), false)
    await store.unlock?.('key', 'one')
    assert.equal(await store.lock('key', 'four', 40), true)
    await wait(60)
    assert.equal(await store.lock('key', 'five', 40), true)
  })

  run('a mark makes stamps invalid until it ends, whatever other marks there are', async (store) => {
    if (store.mark === undefined || store.unmark === undefined) return
    store.watchMarks?.()
    const before = await store.observe(['a', 'b'])
    const one = await store.mark(['a'], 10_000)
    const two = await store.mark(['a'], 10_000)
    const [a, b] = await store.observe(['a', 'b'])
    assert.match(a as string, /^!/)
    assert.equal(b, before[1])
    await store.invalidate(['a'])
    await store.unmark(one, ['a'])
    assert.match((await store.observe(['a']))[0] as string, /^!/)
    await store.unmark(two, ['a'])
    const [after] = await store.observe(['a'])
    assert.match(after as string, /^[^!]/)
    assert.notEqual(after, before[0])
  })

  run('a mark that lapsed and is renewed ends what was stored meanwhile', async (store) => {
    if (store.mark === undefined || store.renewMark === undefined || store.unmark === undefined) return
    store.watchMarks?.()
    const mark = await store.mark(['a'], 10)
    let stamps = await store.observe(['a'])
    while (stamps[0]?.startsWith('!') === true) {
      await wait(50)
      stamps = await store.observe(['a'])
    }
    await store.renewMark(mark, ['a'], 10_000)
    await store.unmark(mark, ['a'])
    assert.notEqual((await store.observe(['a']))[0], stamps[0])
  })
}

async function stored(
  store: CacheStore,
  key: string,
  tags: readonly string[],
  value: unknown,
): Promise<Entry> {
  const entry = entryOf(tags, await store.observe(tags))
  await store.write(key, entry, value)
  return entry
}

function entryOf(tags: readonly string[], stamps: readonly string[]): Entry {
  return {
    identity: 'Model.operation#digest',
    tags,
    stamps,
    createdAt: Date.now(),
    ttl: 60_000,
    swr: 30_000,
    grace: 10_000,
    cost: 5,
  }
}

function headerOf({ identity, tags, stamps, createdAt, ttl, swr, grace, cost }: Entry): unknown {
  return { identity, tags: [...tags], stamps: [...stamps], createdAt, ttl, swr, grace, cost }
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

function valuesOf(decimal: CacheStoreTests['decimal']): unknown[] {
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
