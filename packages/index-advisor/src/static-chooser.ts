import type { Candidate, RejectedCandidate } from './candidate.ts'
import { fieldOf } from './candidate.ts'
import type { Chooser, Chosen } from './chooser.ts'

/** Decides by rules alone: no planner, no costs; row counts only where the catalog knows them. */
export const staticChooser: Chooser = {
  async choose({ candidates, minRows }) {
    const chosen: Chosen[] = []
    const rejected: RejectedCandidate[] = []
    for (const candidate of candidates) {
      const { rows } = candidate.table
      if (rows !== null && rows < minRows)
        rejected.push(
          reject(
            candidate,
            `${candidate.table.model} has about ${rows} rows: a scan is as fast (--min-rows ${minRows}).`,
          ),
        )
      else chosen.push({ candidate, confidence: 'static' })
    }
    return { chosen, rejected, findings: [] }
  },
}

function reject(candidate: Candidate, reason: string): RejectedCandidate {
  return {
    model: candidate.table.model,
    fields: candidate.keys.map((key) => fieldOf(candidate.table, key.column)),
    reason,
  }
}
