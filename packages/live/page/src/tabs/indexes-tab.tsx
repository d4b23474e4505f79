import { useState } from 'preact/hooks'
import type { ProjectAdvice } from '../../../src/index.ts'
import { useAnswer } from '../hub/use-answer.ts'
import { MigrationButton } from '../problems/migration.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { counted } from '../ui/format.ts'
import { Sql } from '../ui/sql.tsx'
import { Tab } from './tab.tsx'

/** What `brisk advise` says of the project and of the statements seen so far. */
export function IndexesTab() {
  const [asked, setAsked] = useState(0)
  const { value, error } = useAnswer<ProjectAdvice>('api/advice', asked)
  return (
    <Tab
      title="Indexes"
      about={
        value === null
          ? 'Reading the schema, the source and the statements that were seen. In a large project this takes a while, in which the list stands still.'
          : `By the schema, the source and ${counted(value.statements, 'statement')} seen in requests.`
      }
    >
      <p class="actions padded">
        <button class="small" onClick={() => setAsked(asked + 1)}>
          Ask again
        </button>
        {value !== null && value.advice.recommendations.length > 0 && <MigrationButton />}
      </p>
      {error !== null && (
        <p class="hint" role="alert">
          {error}
        </p>
      )}
      {value !== null && <AdviceView advice={value.advice} />}
    </Tab>
  )
}

function AdviceView({ advice: { recommendations, findings, rejected } }: Pick<ProjectAdvice, 'advice'>) {
  return (
    <>
      <h3>Missing indexes</h3>
      {recommendations.length === 0 && <p class="hint-line">None: what was seen is covered.</p>}
      <ul class="cards">
        {recommendations.map(({ id, model, prisma, sql, reason, severity, confidence, before, after }) => (
          <li key={id} class="problem">
            <h4 class="problem-title">
              {model} <code>{prisma}</code>{' '}
              <span class={`badge ${severity === 'high' ? 'bad' : severity === 'medium' ? 'warn' : 'note'}`}>
                {severity}
              </span>{' '}
              <span class="badge good">{confidence}</span>
            </h4>
            <p>
              {reason}
              {before !== undefined && after !== undefined && ` Cost ${before.cost} → ${after.cost}.`}
            </p>
            <Sql text={sql} />
            <p class="actions">
              <CopyButton text={prisma} label="Copy for the schema" />
              <CopyButton text={sql} label="Copy SQL" />
            </p>
          </li>
        ))}
      </ul>
      <h3>Findings</h3>
      {findings.length === 0 && <p class="hint-line">None.</p>}
      <ul class="cards">
        {findings.map(({ kind, model, index, reason, at, change }) => (
          <li key={`${kind} ${model} ${index} ${at}`} class="problem">
            <h4 class="problem-title">
              {model} <code>{index}</code> <span class="badge note">{kind}</span>
            </h4>
            <p>{reason}</p>
            {change !== undefined && <p class="mend">{change}</p>}
            <p class="place">{at}</p>
          </li>
        ))}
      </ul>
      {rejected.length > 0 && (
        <details>
          <summary>{counted(rejected.length, 'index', 'indexes')} looked at and not advised</summary>
          <ul class="cards">
            {rejected.map(({ model, fields, reason }) => (
              <li key={`${model} ${fields.join()} ${reason}`}>
                <code>
                  {model}({fields.join(', ')})
                </code>{' '}
                <span class="soft">{reason}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}
