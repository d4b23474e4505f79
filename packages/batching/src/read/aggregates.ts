import type { Args } from '@prisma-brisk/core'
import { refusal } from '../batch-key/batch-key.ts'
import { mergedWhere, MergeMismatch, slotOf, type ReadStrategy } from '../statement/statement.ts'

type GroupByRow = Readonly<Record<string, unknown>>

/** `count` and `aggregate` by `groupBy`; a value without a group has no rows. */
export const findAggregates: ReadStrategy = async (read) => {
  const { key, slots, batchKey, group: asking } = read
  const { call } = asking.first
  const isCount = batchKey.kind === 'count'
  const { where: _, select, ...aggregates } = call.args
  const answerOf = (group: GroupByRow | undefined) =>
    isCount ? countOf(group, select) : aggregateOf(group, aggregates)
  const groups = (await call.send('groupBy', {
    by: key.fields.map(({ name }) => name),
    ...refusal('having', batchKey),
    where: mergedWhere(read),
    ...(isCount ? { _count: select ?? { _all: true } } : aggregates),
  })) as readonly GroupByRow[]
  if (!Array.isArray(groups)) throw new MergeMismatch('the statement gave no list of groups')
  for (const group of groups) {
    const slot = slotOf(read, group)
    if (slot.isAnswered) throw new MergeMismatch('one key has several groups')
    slot.found = answerOf(group)
  }
  for (const slot of slots.values()) if (!slot.isAnswered) slot.found = answerOf(undefined)
}

function countOf(group: GroupByRow | undefined, select: unknown): unknown {
  const counts = group?.['_count'] as Args | undefined
  if (select === undefined) return counts?.['_all'] ?? 0
  return counts ?? filled(select as Args, 0)
}

function aggregateOf(group: GroupByRow | undefined, aggregates: Args): unknown {
  const answer: Record<string, unknown> = {}
  for (const name in aggregates) {
    const choice = aggregates[name]
    if (choice === undefined) continue
    const none = name === '_count' ? 0 : null
    answer[name] = group === undefined ? (choice === true ? none : filled(choice as Args, none)) : group[name]
  }
  return answer
}

function filled(choice: Args, value: 0 | null): Args {
  return Object.fromEntries(Object.keys(choice).map((name) => [name, value]))
}
