import { AsyncLocalStorage } from 'node:async_hooks'
import { Random } from '../../../../test/support/random.ts'
import { DeferredQueue } from '../../src/deferred/deferred-queue.ts'

/** A call as Prisma makes them: nothing happens before it is awaited. */
function lazy(model: string | null, run: () => Promise<unknown>): object {
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
  const queue = new DeferredQueue({ maxQueue: 10, concurrency: 1 }, ({ error }) => failures.push(error))
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
  const queue = new DeferredQueue({ maxQueue: 2, concurrency: 1 }, ({ error }) => failures.push(error))
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

/** Enough turns of the event loop for everything that can go on to have done so. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('R3 tasks that wait for one of their own model have places in the queue too: who awaits them is slowed down', async () => {
  const queue = new DeferredQueue({ maxQueue: 3, concurrency: 4 }, () => undefined)
  const first = gate()
  const begun: number[] = []
  let accepted = 0
  const producer = (async () => {
    for (let number = 0; number < 100; number++) {
      await queue.push(() =>
        lazy('A', async () => {
          begun.push(number)
          await first.promise
        }),
      )
      accepted++
    }
  })()
  await settled()
  expect(begun).toEqual([0])
  expect(queue.stats()).toMatchObject({ queued: 3, running: 1 })
  expect(accepted).toBe(4)
  first.open()
  await producer
  await queue.flush()
  expect(begun).toEqual(Array.from({ length: 100 }, (_, number) => number))
  expect(queue.stats()).toEqual({ queued: 0, running: 0, completed: 100, failed: 0, dropped: 0 })
})

test('R3 a task of another model begins beside one that is running, whenever it comes', async () => {
  const queue = new DeferredQueue({ maxQueue: 10, concurrency: 2 }, () => undefined)
  const gates = [gate(), gate(), gate()]
  const log: string[] = []
  const task = (model: string, index: number) => () =>
    lazy(model, async () => {
      log.push(model)
      await gates[index]?.promise
    })
  await queue.push(task('A', 0))
  await settled()
  await queue.push(task('B', 1))
  await settled()
  expect(log).toEqual(['A', 'B'])
  // Two run at once, and no more.
  await queue.push(task('C', 2))
  await settled()
  expect(log).toEqual(['A', 'B'])
  gates[1]?.open()
  await settled()
  expect(log).toEqual(['A', 'B', 'C'])
  gates[0]?.open()
  gates[2]?.open()
  await queue.flush()
})

test('R3 tasks of one model keep their order, however many run at once, and one that fails takes nobody along', async () => {
  const failures: unknown[] = []
  const queue = new DeferredQueue({ maxQueue: 5, concurrency: 3 }, ({ error }) => failures.push(error))
  const random = new Random(7)
  const log: string[] = []
  let running = 0
  let most = 0
  for (let number = 0; number < 200; number++) {
    const model = random.pick(['A', 'B', 'C', 'D'])
    await queue.push(() =>
      lazy(model, async () => {
        most = Math.max(most, ++running)
        log.push(`${model}${number}`)
        for (let turn = random.int(0, 3); turn > 0; turn--)
          await new Promise((resolve) => setImmediate(resolve))
        running--
        if (number % 10 === 0) throw new Error('fails')
      }),
    )
    if (random.chance(0.2)) await settled()
  }
  await queue.flush()
  expect(most).toBe(3)
  expect(failures).toHaveLength(20)
  expect(queue.stats()).toEqual({ queued: 0, running: 0, completed: 180, failed: 20, dropped: 0 })
  for (const model of ['A', 'B', 'C', 'D']) {
    const numbers = log.filter((each) => each.startsWith(model)).map((each) => Number(each.slice(1)))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
  }
})

/** Runs `work` in a request of this name. */
const request = new AsyncLocalStorage<string>()

test('KP1 every part of a task runs in the context it was queued in, whoever pushed first and whatever it is', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed)
    const queue = new DeferredQueue({ maxQueue: 4, concurrency: 2 }, () => undefined)
    const strayed: string[] = []
    let seen = 0
    const here = (name: string): void => {
      seen++
      if (request.getStore() !== name) strayed.push(`${name} ran as ${request.getStore()}`)
    }
    const kinds = [
      (name: string) => () =>
        lazy(random.pick(['A', 'B']), async () => {
          here(name)
          await new Promise((resolve) => setImmediate(resolve))
          here(name)
        }),
      // `$executeRaw` names no model.
      (name: string) => () => lazy(null, async () => here(name)),
      (name: string) => async () => {
        await new Promise((resolve) => setImmediate(resolve))
        here(name)
      },
      (name: string) => () => here(name),
      (name: string) => () =>
        lazy('A', async () => {
          here(name)
          throw new Error('fails')
        }),
    ]
    const requests = Array.from({ length: 12 }, (_, index) =>
      request.run(`request ${index}`, async () => {
        for (let task = random.int(1, 3); task > 0; task--) {
          const pushed = queue.push(random.pick(kinds)(`request ${index}`))
          if (random.chance(0.5)) await pushed
          if (random.chance(0.3)) await new Promise((resolve) => setImmediate(resolve))
        }
      }),
    )
    await Promise.all(requests)
    await queue.flush()
    expect({ seed, strayed }).toEqual({ seed, strayed: [] })
    expect(seen).toBeGreaterThan(0)
  }
})

describe('KP2 a queue never waits for itself', () => {
  const count = (queue: DeferredQueue) => queue.stats().completed
  let calls = 0

  test.each([
    ['tasks of any kind', () => undefined],
    ['calls of one model', () => lazy('A', async () => undefined)],
    ['calls of several models', () => lazy(`M${calls++ % 2}`, async () => undefined)],
  ])('a task that awaits places for many, %s', async (_, made) => {
    const queue = new DeferredQueue({ maxQueue: 5, concurrency: 2 }, () => undefined)
    await queue.push(async () => {
      for (let index = 0; index < 50; index++) await queue.push(made)
    })
    await queue.flush()
    expect(count(queue)).toBe(51)
  })

  test('a call whose hook awaits a place, behind others of its model', async () => {
    const queue = new DeferredQueue({ maxQueue: 2, concurrency: 1 }, () => undefined)
    await queue.push(() =>
      lazy('A', async () => {
        for (let index = 0; index < 10; index++) await queue.push(() => lazy('A', async () => undefined))
      }),
    )
    await queue.flush()
    expect(count(queue)).toBe(11)
  })

  test('tasks within tasks, each of which awaits places', async () => {
    const queue = new DeferredQueue({ maxQueue: 1, concurrency: 1 }, () => undefined)
    const nested = (depth: number) => async () => {
      if (depth === 0) return
      for (let index = 0; index < 3; index++) await queue.push(nested(depth - 1))
    }
    await queue.push(nested(4))
    await queue.flush()
    expect(count(queue)).toBe(1 + 3 + 9 + 27 + 81)
  })

  test('tasks that await the end of all others', async () => {
    const queue = new DeferredQueue({ maxQueue: 10, concurrency: 2 }, () => undefined)
    const log: string[] = []
    for (const name of ['first', 'second'])
      await queue.push(async () => {
        await queue.flush()
        log.push(`${name} flushed`)
      })
    await queue.push(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      log.push('third')
    })
    await queue.flush()
    expect(log[0]).toBe('third')
    expect(log).toHaveLength(3)
    expect(queue.left).toBe(0)
  })
})
