import assert from 'node:assert/strict'
import type { RunCheck } from './run-check.ts'

/** Locks have one holder, marks hold off fills while a write is under way; for stores that have them. */
export function testLocks(run: RunCheck, wait: (ms: number) => Promise<void>): void {
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
