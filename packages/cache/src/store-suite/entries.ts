import assert from 'node:assert/strict'
import { isValid } from '../entry/entry.ts'
import type { CreatePeer, RunCheck } from './run-check.ts'
import { entryOf, headerOf, stored } from './stored-entry.ts'

/** Entries come back as they were stored, and are as good as the stamps they were stored with. */
export function testEntries(run: RunCheck, createPeer: CreatePeer): void {
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

  if (createPeer !== undefined) {
    run('another process sees entries and invalidations', async (store) => {
      const peer = await createPeer()
      await stored(store, 'key', ['a'], 'shared')
      const found = await peer.lookup('key', ['a'])
      assert.equal(found.entry?.open(), 'shared')
      assert.ok(isValid(found.entry, ['a'], found.stamps))
      await peer.invalidate(['a'])
      assert.notDeepEqual(await store.observe(['a']), found.stamps)
      await peer.close?.()
    })
  }
}
