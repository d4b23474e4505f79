import type { PlannedStatement } from '@prisma-brisk/index-advisor'
import { AdvisorMissingError } from '../errors.ts'
import type { Folded, FoldedLine } from './fold-recording.ts'
import { byText } from './recording.ts'

/**
 * The lines with what their statements cost by the statistics of a database, planned without it.
 *
 * @param statistics a file that `brisk statistics export` wrote
 * @throws AdvisorMissingError where the index advisor is not installed
 * @throws AdvisorError where the statistics cannot be read, or nothing plans for their database
 */
export async function withPlans(folded: Folded, statistics: string): Promise<Folded> {
  const { planStatements } = await advisor()
  const texts = new Set([...folded.values()].flat().flatMap((line) => [...line.texts.values()]))
  const planned = await planStatements([...texts].sort(byText), { statistics })
  return new Map([...folded].map(([title, lines]) => [title, lines.map((line) => withPlan(line, planned))]))
}

function withPlan(line: FoldedLine, planned: ReadonlyMap<string, PlannedStatement>): FoldedLine {
  const plans = [...line.texts.values()].flatMap((text) => planned.get(text) ?? [])
  if (plans.length === 0) return line
  const scans = plans.flatMap((each) => each.scans)
  return {
    ...line,
    cost: twoDigits(plans.reduce((sum, { cost }) => sum + cost, 0)),
    plan: [...new Set(plans.map(({ shape }) => shape))].sort(byText),
    ...(scans.length === 0
      ? {}
      : {
          scans: Object.fromEntries(
            scans
              .toSorted((a, b) => byText(a.table, b.table))
              .map(({ table, rows }) => [table, twoDigits(rows)]),
          ),
        }),
  }
}

/** Statistics of two days, and planners of two versions, agree on so much. */
function twoDigits(value: number): number {
  return Number(value.toPrecision(2))
}

async function advisor(): Promise<typeof import('@prisma-brisk/index-advisor')> {
  try {
    return await import('@prisma-brisk/index-advisor')
  } catch {
    throw new AdvisorMissingError()
  }
}
