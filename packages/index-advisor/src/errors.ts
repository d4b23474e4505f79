import { BriskError } from '@prisma-brisk/core'

/** A failure the user can mend: one line, exit code 2, nothing written. */
export class AdvisorError extends BriskError {
  constructor(code: AdvisorErrorCode, message: string, options?: ErrorOptions) {
    super(code, message.replace(/\s*\n\s*/g, ' ').trim(), options)
  }
}

export type AdvisorErrorCode =
  | 'E_INVALID_OPTIONS'
  | 'E_SCHEMA_INVALID'
  | 'E_SOURCE_NOT_FOUND'
  | 'E_MIGRATIONS'
  | 'E_SCHEMA_CHANGES_PENDING'
  | 'E_UNPROVED'
  | 'E_BASELINE'
  | 'E_WORKLOAD'
  | 'E_STATISTICS'
  | 'E_DATABASE'
  | 'E_PLANNER'
