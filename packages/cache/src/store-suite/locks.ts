import assert from 'node:assert/strict'
import type { RunCheck } from './run-check.ts'

/** Locks have one holder, marks hold off fills while a write is under way; for stores that have them. */
export function testLocks(run: RunCheck, wait: (ms: number) => Promise<void>): void {
  run('a lock has one holder, until it is unlocked or its lease is over', async (store) => {
    const { locks } = store
    if (locks === undefined) return
    assert.equal(await locks.take('key', 'one', 10_000), true)
    assert.equal(await locks.take('key', 'two', 10_000), false)
    await locks.release('key', 'two')
    assert.equal(await locks.take('key', 'three', 10_000), false)
    await locks.release('key', 'one')
    assert.equal(await locks.take('key', 'four', 40), true)
    await wait(60)
    assert.equal(await locks.take('key', 'five', 40), true)
  })

  run('a mark makes stamps invalid until it ends, whatever other marks there are', async (store) => {
    const { marks } = store
    if (marks === undefined) return
    marks.watch()
    const before = await store.observe(['a', 'b'])
    const one = await marks.set(['a'], 10_000)
    const two = await marks.set(['a'], 10_000)
    const [a, b] = await store.observe(['a', 'b'])
    assert.match(a as string, /^!/)
    assert.equal(b, before[1])
    await store.invalidate(['a'])
    await marks.remove(one, ['a'])
    assert.match((await store.observe(['a']))[0] as string, /^!/)
    await marks.remove(two, ['a'])
    const [after] = await store.observe(['a'])
    assert.match(after as string, /^[^!]/)
    assert.notEqual(after, before[0])
  })

  run('a mark that lapsed and is renewed ends what was stored meanwhile', async (store) => {
    const { marks } = store
    if (marks === undefined) return
    marks.watch()
    const mark = await marks.set(['a'], 10)
    let stamps = await store.observe(['a'])
    while (stamps[0]?.startsWith('!') === true) {
      await wait(50)
      stamps = await store.observe(['a'])
    }
    await marks.renew(mark, ['a'], 10_000)
    await marks.remove(mark, ['a'])
    assert.notEqual((await store.observe(['a']))[0], stamps[0])
  })
}
