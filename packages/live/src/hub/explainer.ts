import { findRequest } from '../answer/api.ts'
import { nameOf } from '../answer/folded-calls.ts'
import type { History, RequestHistory } from '../history/history.ts'
import type { Questions } from './questions.ts'

/** The plan of a statement, asked for when somebody looks at it. */
export interface ExplainedStatement {
  readonly request: string
  readonly call: number
  /** `User.findMany`; for raw SQL the operation. */
  readonly operation: string
  readonly callSite: string | null
  readonly fingerprint: string
  readonly sql: string
  /** As the database gives it, without values; null where it gave none. */
  readonly plan: unknown
  /** Why there is none. */
  readonly reason?: string
}

/** What is asked for: the statements of a request, or those of one call or one shape alone. */
export interface ExplainQuestion {
  readonly request?: unknown
  readonly call?: unknown
  readonly fingerprint?: unknown
}

/** Statements that are planned for one question. */
const MAX_PLANNED = 50

/**
 * Gets the plans of a request's statements, one a shape. The hub has no connection and no values: the process that sent a statement
 * plans it, and where that has ended, another one of the same directory that sent one of the shape.
 */
export class Explainer {
  constructor(
    private readonly history: History,
    private readonly questions: Questions,
  ) {}

  /** Null where the hub holds no such request or statement. */
  async explain({
    request: id,
    call: number,
    fingerprint,
  }: ExplainQuestion): Promise<ExplainedStatement[] | null> {
    const request = typeof id === 'string' ? findRequest(this.history, id) : undefined
    if (request === undefined) return null
    const seen = new Set<string>()
    const statements = request.calls
      .toSorted((a, b) => a.call - b.call)
      .filter(({ call }) => number === undefined || call === number)
      .flatMap((call) => call.statements.map((statement) => ({ call, statement })))
      .filter(({ statement }) => fingerprint === undefined || statement.fingerprint === fingerprint)
      .filter(({ statement }) => !seen.has(statement.fingerprint) && seen.add(statement.fingerprint))
    if (statements.length === 0) return null
    return Promise.all(
      statements.slice(0, MAX_PLANNED).map(async ({ call, statement }) => {
        const { plan = null, reason } = await this.plan(request, statement.fingerprint)
        return {
          request: request.id,
          call: call.call,
          operation: nameOf(call),
          callSite: call.callSite,
          fingerprint: statement.fingerprint,
          sql: statement.sql,
          plan,
          ...(reason === undefined ? {} : { reason }),
        }
      }),
    )
  }

  private async plan(
    { process }: RequestHistory,
    fingerprint: string,
  ): Promise<{ readonly plan?: unknown; readonly reason?: string }> {
    const others = [...this.history.processes.values()].filter(
      (each) => each.process !== process.process && each.cwd === process.cwd,
    )
    let last: { readonly plan?: unknown; readonly reason?: string } = {}
    for (const each of [process, ...others.reverse()]) {
      if (each !== process && !this.questions.has(each.process)) continue
      last = await this.questions.explain(each.process, fingerprint)
      if (last.plan !== undefined) break
    }
    return last
  }
}
