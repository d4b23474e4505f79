import { readFile } from 'node:fs/promises'
import { AdvisorError } from '../errors.ts'
import { writeAll } from '@prisma-brisk/core/project'
import type { Advice } from '../advice/advice.ts'

interface Baseline {
  readonly version: 1
  /** Ids of recommendations that are known and accepted. */
  readonly recommendations: readonly string[]
}

/** @throws AdvisorError E_BASELINE */
export async function readBaseline(path: string): Promise<Set<string>> {
  const { recommendations } = parse(path, await readText(path))
  return new Set(recommendations)
}

/** Ids of the recommendations the baseline does not hold. */
export function newTo(known: ReadonlySet<string>, advice: Advice): string[] {
  return advice.recommendations.map((each) => each.id).filter((id) => !known.has(id))
}

export async function writeBaseline(path: string, advice: Advice): Promise<void> {
  const baseline: Baseline = { version: 1, recommendations: advice.recommendations.map((each) => each.id) }
  const was = await readFile(path, 'utf8').catch(() => null)
  await writeAll([{ path, text: `${JSON.stringify(baseline, null, 2)}\n`, was }])
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new AdvisorError(
      'E_BASELINE',
      `The baseline ${path} cannot be read; make it with --update-baseline.`,
      { cause: error },
    )
  }
}

function parse(path: string, text: string): Baseline {
  try {
    const given = JSON.parse(text) as Partial<Baseline>
    if (given.version === 1 && Array.isArray(given.recommendations)) return given as Baseline
  } catch {
    // The message below says it.
  }
  throw new AdvisorError(
    'E_BASELINE',
    `${path} is no baseline: expected { "version": 1, "recommendations": […] }.`,
  )
}
