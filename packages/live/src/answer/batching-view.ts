import type { History } from '../history/history.ts'
import { nameOf } from './folded-calls.ts'
import { isMerged } from './saved.ts'
import { timeSeries, type Sample, type TimeSeries } from './time-series.ts'

/** What batching did for the requests that are held. */
export interface BatchingView {
  /** `calls` that were made, and `statements` that were sent. */
  readonly series: TimeSeries
  readonly operations: readonly BatchedOperation[]
}

/** Calls of one operation. */
export interface BatchedOperation {
  readonly name: string
  readonly calls: number
  readonly statements: number
  readonly batches: number
  /** Calls that a statement of another call answered. */
  readonly merged: number
  /** Calls that waited for others and were sent by themselves all the same. */
  readonly fallbacks: number
}

export function batchingView(history: History): BatchingView {
  const samples: Sample[] = []
  const operations = new Map<string, { -readonly [Name in keyof BatchedOperation]: BatchedOperation[Name] }>()
  const of = (name: string) => {
    let operation = operations.get(name)
    if (operation === undefined)
      operations.set(
        name,
        (operation = { name, calls: 0, statements: 0, batches: 0, merged: 0, fallbacks: 0 }),
      )
    return operation
  }
  for (const { time, calls, batches } of history.all()) {
    const begin = Date.parse(time)
    for (const call of calls) {
      const at = begin + call.at
      samples.push({ at, name: 'calls', value: 1 })
      samples.push({ at, name: 'statements', value: call.statements.length })
      const operation = of(nameOf(call))
      operation.calls++
      operation.statements += call.statements.length
      if (isMerged(call)) operation.merged++
    }
    for (const batch of batches) {
      const operation = of(nameOf(batch))
      operation.batches++
      operation.fallbacks += batch.fallbacks
    }
  }
  return {
    series: timeSeries(samples, ['calls', 'statements']),
    operations: [...operations.values()].sort((a, b) => b.merged - a.merged || b.calls - a.calls),
  }
}
