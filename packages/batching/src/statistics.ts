/** What a client's batching has done since it was mounted. */
export interface BatchingStats {
  /** Calls that could have been merged, by their operation and model. */
  readonly calls: number
  /** Calls answered from a statement that others shared. */
  readonly batched: number
  /** Statements that answered several calls. */
  readonly statements: number
  /** Calls sent as they are: alone in their tick, or of a kind that is not merged. */
  readonly passedThrough: number
  /**
   * Calls sent alone after their batch could not answer them: the statement failed, a row fitted no caller, an `OrThrow`
   * found nothing.
   */
  readonly fallbacks: number
  /** Loops of reads in requests; see `loops`. */
  readonly loops: LoopStats
}

/** Counts of loops that are over. */
export interface LoopStats {
  /** Loops that were recognised, mended or not. */
  readonly seen: number
  /** Answers that were read before a call asked for them. */
  readonly ahead: number
  /** Those of them that calls got; they count as `batched` too. */
  readonly used: number
}

export class Statistics implements BatchingStats {
  calls = 0
  batched = 0
  statements = 0
  passedThrough = 0
  fallbacks = 0
  readonly loops = { seen: 0, ahead: 0, used: 0 }

  snapshot(): BatchingStats {
    const { calls, batched, statements, passedThrough, fallbacks, loops } = this
    return { calls, batched, statements, passedThrough, fallbacks, loops: { ...loops } }
  }
}
