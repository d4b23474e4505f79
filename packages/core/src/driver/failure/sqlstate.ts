import {
  CANCELLED,
  CONFLICT,
  DENIED,
  LOST,
  REFUSED,
  UNKNOWN,
  UNREACHABLE,
  type Judgement,
} from './failure.ts'

/** PostgreSQL and CockroachDB. */
export function bySqlState(code: string): Judgement {
  if (code === '40001' || code === '40P01' || code === '40002') return CONFLICT
  if (code === '55P03') return { outcome: 'refused', reason: 'lock' }
  if (code === '57014') return CANCELLED
  if (code === '53300' || code === '57P03') return UNREACHABLE
  if (code.startsWith('28') || code === '3D000') return DENIED
  // The server ended the session: by an operator (57P), by a time limit (25P03, 25P04).
  if (/^(08|57P|25P0[34])/.test(code)) return LOST
  // 40003 says that completion is unknown; 58 are failures of its system, XX of its insides.
  return /^(58|XX|40003)/.test(code) ? UNKNOWN : REFUSED
}
