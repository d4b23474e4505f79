import type { BatchedOperation, BatchingView } from '../../../src/index.ts'
import { requestList } from '../hub/request-list.ts'
import { useAnswer } from '../hub/use-answer.ts'
import { useValue } from '../state/value.ts'
import { Chart } from '../ui/chart.tsx'
import { count, counted } from '../ui/format.ts'
import { SortedTable, type Column } from '../ui/sorted-table.tsx'
import { Tab } from './tab.tsx'

const number = (title: string, value: (row: BatchedOperation) => number): Column<BatchedOperation> => ({
  title,
  value,
  isNumber: true,
  cell: (row) => count(value(row)),
})

const COLUMNS: Column<BatchedOperation>[] = [
  { title: 'Operation', isWide: true, value: ({ name }) => name },
  number('Calls', ({ calls }) => calls),
  number('Statements', ({ statements }) => statements),
  number('Batches', ({ batches }) => batches),
  number('Merged', ({ merged }) => merged),
  number('Sent alone', ({ fallbacks }) => fallbacks),
]

/** Calls against the statements that answered them. */
export function BatchingTab() {
  const { value } = useAnswer<BatchingView>('api/batching', useValue(requestList.rows))
  if (value === null) return <Tab title="Batching">{null}</Tab>
  const { series, operations } = value
  const { calls = [], statements = [] } = series.sums
  const merged = operations.reduce((sum, each) => sum + each.merged, 0)
  return (
    <Tab
      title="Batching"
      about={`${counted(merged, 'call')} answered by a statement of another. Sent alone: waited for others, and could not be merged.`}
    >
      <h3>Calls and statements</h3>
      <Chart
        label={`Calls and statements over time, ${counted(series.step, 'second')} a step`}
        seconds={series.seconds}
        lines={[
          { name: 'calls', values: calls, colour: '--note', isFilled: true },
          { name: 'statements', values: statements, colour: '--sql', isFilled: true },
        ]}
        format={count}
      />
      <h3>Operations</h3>
      <SortedTable
        label="Operations"
        rows={operations}
        columns={COLUMNS}
        keyOf={({ name }) => name}
        empty="No call so far."
      />
    </Tab>
  )
}
