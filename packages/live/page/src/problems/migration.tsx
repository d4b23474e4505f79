import { useState } from 'preact/hooks'
import type { MigrationAnswer } from '../../../src/index.ts'
import { ask } from '../hub/hub.ts'
import { counted } from '../ui/format.ts'
import { Sql } from '../ui/sql.tsx'

/** Shows the migration for the advised indexes, and writes it once somebody has agreed. */
export function MigrationButton() {
  const [answer, setAnswer] = useState<MigrationAnswer | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const request = async (confirm: string | null): Promise<void> => {
    setBusy(true)
    setError(null)
    try {
      setAnswer(
        await ask<MigrationAnswer>('api/migration', { method: 'POST', body: JSON.stringify({ confirm }) }),
      )
    } catch (problem) {
      setError((problem as Error).message)
    }
    setBusy(false)
  }
  return (
    <>
      <button class="small" disabled={isBusy} aria-busy={isBusy} onClick={() => void request(null)}>
        {isBusy ? 'Working …' : 'Write migration …'}
      </button>
      {error !== null && (
        <span class="error-text" role="alert">
          {error}
        </span>
      )}
      {answer !== null && (
        <div class="migration" role="group" aria-label="Migration">
          {answer.isWritten ? (
            <span role="status">
              Written: <code>{answer.files.join(', ')}</code>. It is not applied: run{' '}
              <code>npx prisma migrate dev</code>. {answer.said}
            </span>
          ) : (
            <>
              <span>
                {answer.indexes.length === 0
                  ? answer.said
                  : `This edits the schema and adds a migration with ${counted(answer.indexes.length, 'index', 'indexes')}; it applies neither.`}
              </span>
              {answer.files.length > 0 && (
                <span>
                  It writes into <code>{answer.project}</code>: <code>{answer.files.join(', ')}</code>.
                </span>
              )}
              {answer.indexes.map(({ model, prisma, sql, reason }) => (
                <div key={sql} class="migration-index">
                  <b>{model}</b> <code>{prisma}</code>
                  <span class="soft">{reason}</span>
                  <Sql text={sql} />
                </div>
              ))}
              <span class="actions">
                {answer.indexes.length > 0 && (
                  <button class="primary" disabled={isBusy} onClick={() => void request(answer.confirm)}>
                    Write it
                  </button>
                )}
                <button onClick={() => setAnswer(null)}>Cancel</button>
              </span>
            </>
          )}
        </div>
      )}
    </>
  )
}
