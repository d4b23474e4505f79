/** A failure the user can mend: one line, exit code 2, nothing written. */
export class AdvisorError extends Error {
  override readonly name = 'AdvisorError'
  readonly code: AdvisorErrorCode

  constructor(code: AdvisorErrorCode, message: string, options?: { cause?: unknown }) {
    super(oneLine(message), options)
    this.code = code
  }
}

export type AdvisorErrorCode =
  | 'E_INVALID_OPTIONS'
  | 'E_SCHEMA_NOT_FOUND'
  | 'E_SCHEMA_INVALID'
  | 'E_SOURCE_NOT_FOUND'
  | 'E_MIGRATIONS'
  | 'E_SCHEMA_CHANGES_PENDING'
  | 'E_UNPROVED'
  | 'E_WRITE_FAILED'
  | 'E_BASELINE'
  | 'E_WORKLOAD'
  | 'E_STATISTICS'
  | 'E_DATABASE'
  | 'E_PLANNER'

function oneLine(message: string): string {
  return message.replace(/\s*\n\s*/g, ' ').trim()
}
