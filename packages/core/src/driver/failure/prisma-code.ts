import { CONFLICT, DENIED, LOST, REFUSED, UNREACHABLE, UNSENT, type Judgement } from './failure.ts'

/** Kinds that the adapters give where the driver gave no code. */
export function byKind(kind: unknown): Judgement | null {
  return typeof kind === 'string' ? (kinds.get(kind) ?? null) : null
}

const kinds = new Map<string, Judgement>([
  ['TransactionWriteConflict', CONFLICT],
  ['DatabaseNotReachable', UNREACHABLE],
  ['TooManyConnections', UNREACHABLE],
  ['TlsConnectionError', DENIED],
  ['AuthenticationFailed', DENIED],
  ['DatabaseAccessDenied', DENIED],
  ['DatabaseDoesNotExist', DENIED],
  ['ConnectionClosed', LOST],
  ['SocketTimeout', LOST],
  ...[
    'UniqueConstraintViolation',
    'NullConstraintViolation',
    'ForeignKeyConstraintViolation',
    'RestrictViolation',
    'LengthMismatch',
    'ValueOutOfRange',
    'InvalidInputValue',
    'TableDoesNotExist',
    'ColumnNotFound',
  ].map((kind) => [kind, REFUSED] as const),
])

/** Prisma's own errors, where its driver's say nothing. */
export function byPrisma(error: unknown): Judgement | null {
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown }
  if (name === 'PrismaClientValidationError') return UNSENT
  if (name === 'PrismaClientInitializationError') return UNREACHABLE
  return typeof code === 'string' ? (prismaCodes.get(code) ?? null) : null
}

const prismaCodes = new Map<string, Judgement>([
  ...['P1001', 'P1002', 'P2024', 'P2037'].map((code) => [code, UNREACHABLE] as const),
  ...['P1000', 'P1003', 'P1010', 'P1011'].map((code) => [code, DENIED] as const),
  ...['P1008', 'P1017'].map((code) => [code, LOST] as const),
  // P2029: more values than a statement may bind.
  ...['P2009', 'P2012', 'P2013', 'P2016', 'P2019', 'P2029', 'P2033'].map((code) => [code, UNSENT] as const),
  ['P2034', CONFLICT],
  // Constraints, values, names, and rows that are required and not there. P2023 is missing on purpose: an answer that
  // cannot be read comes after the statement was carried out.
  ...'P2000 P2001 P2002 P2003 P2004 P2005 P2006 P2007 P2011 P2014 P2015 P2017 P2018 P2020 P2021 P2022 P2025'
    .split(' ')
    .map((code) => [code, REFUSED] as const),
])
