import type { LiveCall, LiveStatement } from '@prisma-brisk/slow-query'

/** A call as an application reports it; what a test does not name is unremarkable. */
export function call(number: number, part: Partial<LiveCall> = {}): LiveCall {
  return {
    type: 'call',
    request: 'r',
    call: number,
    model: 'User',
    operation: 'findUnique',
    at: number,
    ms: 1,
    waitMs: 0,
    transactionMs: 0,
    statements: [statement()],
    rowsRead: 1,
    rowsReturned: 1,
    callSite: '/app/a.ts:1:1',
    ...part,
  }
}

export function statement(ms = 1): LiveStatement {
  return { sql: 'SELECT 1', ms, rows: 1, fingerprint: 'f', at: 0, waitMs: 0 }
}
