/** Rows written to a table while the workload ran. */
export interface TableWrites {
  readonly inserted: number
  readonly updated: number
  /** Share of the updated that so far touch no index at all (heap-only tuples); null: nobody has counted. */
  readonly hotShare: number | null
  /** Which columns updates set. Their rows are weighed against each other: all of them are `updated`. */
  readonly updates: readonly TableUpdate[]
  /** The numbers were counted; else each write of the source stands for one row. */
  readonly isCounted: boolean
}

/** Updates that set the same columns. */
export interface TableUpdate {
  readonly columns: ReadonlySet<string>
  readonly rows: number
  /** `Job.updateMany at src/job.ts:3:20`. */
  readonly name: string
}
