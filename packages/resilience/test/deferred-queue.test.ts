import { DeferredQueue } from '../src/deferred-queue.ts'

/** A call as Prisma makes them: nothing happens before it is awaited. */
function lazy(model: string, run: () => Promise<unknown>): object {
  return {
    spec: { model },
    [Symbol.toStringTag]: 'PrismaPromise',
    // eslint-disable-next-line unicorn/no-thenable
    then: (resolve: (value: unknown) => void, reject: (error: unknown) => void) =>
      run().then(resolve, reject),
  }
}

function gate(): { promise: Promise<void>; open: () => void } {
  let open = (): void => undefined
  const promise = new Promise<void>((resolve) => (open = resolve))
  return { promise, open }
}

test('R3 tasks of one model run in order, those of others beside them', async () => {
  const queue = new DeferredQueue({ maxQueue: 10, concurrency: 4 }, () => undefined)
  const log: string[] = []
  const first = gate()
  const task = (model: string, name: string, before?: Promise<void>) => () =>
    lazy(model, async () => {
      await before
      log.push(name)
    })
  await queue.push(task('A', 'a1', first.promise))
  await queue.push(task('A', 'a2'))
  await queue.push(task('B', 'b1'))
  while (log.length === 0) await new Promise((resolve) => setImmediate(resolve))
  expect(log).toEqual(['b1'])
  first.open()
  await queue.flush()
  expect(log).toEqual(['b1', 'a1', 'a2'])
  expect(queue.stats()).toEqual({ queued: 0, running: 0, completed: 3, failed: 0, dropped: 0 })
})

test('R3 a failure is reported and stops nothing', async () => {
  const failures: unknown[] = []
  const queue = new DeferredQueue({ maxQueue: 10, concurrency: 1 }, (error) => failures.push(error))
  await queue.push(() => {
    throw new RangeError('at once')
  })
  await queue.push(() => Promise.reject(new TypeError('later')))
  await queue.push(() => 'fine')
  await queue.flush()
  expect(failures.map((each) => (each as Error).name)).toEqual(['RangeError', 'TypeError'])
  expect(queue.stats()).toMatchObject({ completed: 1, failed: 2 })
})

test('R3 a full queue slows down who waits for it, and drops what nobody waits for', async () => {
  const failures: unknown[] = []
  const queue = new DeferredQueue({ maxQueue: 2, concurrency: 1 }, (error) => failures.push(error))
  const first = gate()
  await queue.push(() => first.promise)
  while (queue.stats().running === 0) await new Promise((resolve) => setImmediate(resolve))
  let accepted = 0
  const pushes = Array.from({ length: 5 }, () => queue.push(() => undefined).then(() => accepted++))
  await new Promise((resolve) => setImmediate(resolve))
  // Two have a place, two wait for one, the fifth is dropped.
  expect(queue.stats()).toMatchObject({ queued: 2, dropped: 1 })
  expect(accepted).toBe(3)
  expect(failures).toMatchObject([{ code: 'E_DEFERRED_QUEUE_FULL' }])
  first.open()
  await Promise.all(pushes)
  await queue.flush()
  expect(queue.stats()).toMatchObject({ queued: 0, completed: 5, dropped: 1 })
})
