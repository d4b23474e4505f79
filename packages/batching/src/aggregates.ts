import type { Args } from '@prisma-brisk/core'
import { mergedWhere, MergeMismatch, slotOf, type Ask, type Findings, type Slot } from './statement.ts'

type Group = Readonly<Record<string, unknown>>

/** `count` and `aggregate` by `groupBy`; a value without a group has no rows. */
export async function findAggregates(ask: Ask): Promise<Findings> {
  const { speaker, key, slots, question } = ask
  const isCount = question.kind === 'count'
  const { where: _, select, ...aggregates } = speaker.call.args
  const groups = (await speaker.call.send('groupBy', {
    by: [key.name],
    where: mergedWhere(ask),
    ...(isCount ? { _count: select ?? { _all: true } } : aggregates),
  })) as readonly Group[]
  if (!Array.isArray(groups)) throw new MergeMismatch('the statement gave no list of groups')
  const bySlot = new Map<Slot, Group>()
  for (const group of groups) {
    const slot = slotOf(ask, group[key.name])
    if (bySlot.has(slot)) throw new MergeMismatch('one key has several groups')
    bySlot.set(slot, group)
  }
  const findings = new Map<Slot, unknown>()
  for (const slot of slots.values()) {
    const group = bySlot.get(slot)
    findings.set(slot, isCount ? countOf(group, select) : aggregateOf(group, aggregates))
  }
  return findings
}

function countOf(group: Group | undefined, select: unknown): unknown {
  const counts = group?.['_count'] as Args | undefined
  if (select === undefined) return counts?.['_all'] ?? 0
  return counts ?? filled(select as Args, 0)
}

function aggregateOf(group: Group | undefined, aggregates: Args): unknown {
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
