import {
  CANCELLED,
  CONFLICT,
  DENIED,
  LOST,
  REFUSED,
  UNKNOWN,
  UNREACHABLE,
  UNSENT,
  type Judgement,
} from './failure.ts'

/** MySQL and MariaDB; from 45001 on, what the mariadb driver says itself. */
export function byErrno(errno: number, of: 'statement' | 'commit'): Judgement {
  const judged = errnos.get(errno)
  if (judged !== undefined) return of === 'commit' && judged === CANCELLED ? UNKNOWN : judged
  if (errno >= 45_000) return LOST
  return of === 'commit' ? UNKNOWN : REFUSED
}

const errnos = new Map<number, Judgement>([
  ...[1040, 1203, 45_012, 45_028, 45_060, 45_061].map((errno) => [errno, UNREACHABLE] as const),
  ...[1044, 1045, 1049, 1129, 1130].map((errno) => [errno, DENIED] as const),
  ...[1213, 1614].map((errno) => [errno, CONFLICT] as const),
  [1205, { outcome: 'refused', reason: 'lock' }],
  // 1317 KILL QUERY, 1969 max_statement_time, 3024 MAX_EXECUTION_TIME
  ...[1317, 1969, 3024].map((errno) => [errno, CANCELLED] as const),
  ...[
    1053, 1080, 1152, 1154, 1158, 1159, 1160, 1161, 1184, 1927, 2002, 2003, 2006, 2013, 2055, 3169, 4031,
  ].map((errno) => [errno, LOST] as const),
  // What the driver refuses by itself: parameters that are missing, packets that are too large.
  ...[45_016, 45_017, 45_018, 45_043, 45_046, 45_049, 45_052].map((errno) => [errno, UNSENT] as const),
])
