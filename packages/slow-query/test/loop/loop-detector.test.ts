import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { LoopDetector } from '../../src/loop/loop-detector.ts'
import { Series } from '../../src/metrics/series.ts'
import { OperationTrace } from '../../src/trace/operation-trace.ts'

const THRESHOLD = 10
const CALLS = 5000

/** A call as the detector sees one, of a client whose schema is not known. */
function trace(series: Series, args: object): OperationTrace {
  const call = {
    host: { schema: () => null },
    model: series.model,
    operation: series.operation,
    args,
    notes: {},
    transaction: { kind: 'none' },
    callSite: () => 'here.ts:1:1',
  }
  const made = new OperationTrace(
    call as never,
    { recorder: {}, transaction: () => undefined },
    series,
    undefined,
    0,
  )
  made.statements = []
  made.endedAt = 1
  return made
}

test('KP8 of calls whose names differ, without end, few are remembered', async () => {
  const detector = new LoopDetector(THRESHOLD)
  const series = new Series('Event', 'create')
  const calls: WeakRef<OperationTrace>[] = []
  for (let index = 0; index < CALLS; index++) {
    const made = trace(series, { data: { [`name ${index}`]: 1 } })
    detector.started(made)
    detector.settled(made)
    calls.push(new WeakRef(made))
  }
  expect([...detector.loops()]).toEqual([])
  setFlagsFromString('--expose_gc')
  // A reference that was just made is kept to the end of the turn.
  await new Promise<void>((resolve) => setImmediate(resolve))
  ;(runInNewContext('gc') as () => void)()
  expect(calls.filter((each) => each.deref() !== undefined).length).toBeLessThan(CALLS / 10)
  // It goes on looking.
  for (let index = 0; index < THRESHOLD; index++)
    detector.started(trace(series, { data: { 'name 7': index } }))
  expect([...detector.loops()]).toHaveLength(1)
})
