import { useState } from 'preact/hooks'
import { ask } from '../hub/hub.ts'
import { CopyButton } from '../ui/copy-button.tsx'
import { counted, milliseconds } from '../ui/format.ts'
import { PlanTree } from '../ui/plan-tree.tsx'
import { Sql } from '../ui/sql.tsx'
import type { Statement } from './waterfall-rows.ts'

interface StatementProps {
  readonly statement: Statement
  readonly request: string
  readonly call?: number
}

/** A statement with its plan, where one was taken or is asked for. */
export function StatementView({ statement, request, call }: StatementProps) {
  const { sql, ms, rows, waitMs, fingerprint, error } = statement
  const [explained, setExplained] = useState<Explained | null>(null)
  const [isAsking, setAsking] = useState(false)
  const plan = explained?.plan ?? statement.plan
  const explain = async (): Promise<void> => {
    setAsking(true)
    try {
      const [answer] = await ask<Explained[]>('api/explain', {
        method: 'POST',
        body: JSON.stringify({ request, fingerprint, ...(call === undefined ? {} : { call }) }),
      })
      setExplained(answer ?? { reason: 'the hub gave none' })
    } catch (problem) {
      setExplained({ reason: (problem as Error).message })
    }
    setAsking(false)
  }
  return (
    <figure class="statement">
      <figcaption>
        <span>
          {milliseconds(ms)} · {counted(rows, 'row')}
          {waitMs > 0 && ` · waited ${milliseconds(waitMs)} for a connection`}
          {error !== undefined && <span class="error-text"> · {error.code ?? error.name}</span>}
        </span>
        <span class="actions">
          <CopyButton text={sql} label="Copy SQL" />
          <button class="small" disabled={isAsking} onClick={() => void explain()}>
            Explain
          </button>
        </span>
      </figcaption>
      <Sql text={sql} />
      {explained?.reason !== undefined && explained.plan == null && (
        <p class="hint-line" role="status">
          No plan: {explained.reason}
        </p>
      )}
      {plan != null && (
        <>
          <p class="plan-title">
            {explained?.plan == null ? 'Plan, as it was taken of this shape' : 'Plan, as of now'}
          </p>
          <PlanTree plan={plan} />
        </>
      )}
    </figure>
  )
}

/** What the hub answers to `POST /api/explain`. */
interface Explained {
  readonly plan?: unknown
  readonly reason?: string
}
