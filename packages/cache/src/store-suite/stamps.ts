import assert from 'node:assert/strict'
import type { CreatePeer, RunCheck } from './run-check.ts'

/** Stamps stay as long as nobody invalidates their tags, and no longer. */
export function testStamps(run: RunCheck, createPeer: CreatePeer): void {
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
    const peer = await createPeer?.()
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
}
