import { count, counted } from './format.ts'
import { planNodes, type PlanNode } from './plan-nodes.ts'

/** A plan as a tree; a bar says how much of the whole cost a step and those below it have. */
export function PlanTree({ plan }: { plan: unknown }) {
  const nodes = planNodes(plan)
  if (nodes === null)
    return (
      <pre class="code" tabIndex={0}>
        {JSON.stringify(plan, null, 2)}
      </pre>
    )
  const whole = greatest(nodes)
  return (
    <ul class="plan">
      {nodes.map((node, index) => (
        <Step key={index} node={node} whole={whole} />
      ))}
    </ul>
  )
}

/** A step below a LIMIT may be dearer than the whole: it does not run to its end. */
function greatest(nodes: readonly PlanNode[]): number {
  return nodes.reduce((most, { cost, children }) => Math.max(most, cost ?? 0, greatest(children)), 0)
}

function Step({ node, whole }: { node: PlanNode; whole: number }) {
  const { title, on, isWhole, details, rows, cost, children } = node
  return (
    <li>
      <div class="step">
        <span>
          <b class={isWhole ? 'whole' : ''}>{title}</b> {on}
        </span>
        <span class="step-numbers">
          {rows !== null && <span>{counted(rows, 'row')}</span>}
          {cost !== null && (
            <span class="step-cost">
              <i style={{ width: `${whole === 0 ? 0 : (100 * cost) / whole}%` }} />
              <span>cost {count(cost)}</span>
            </span>
          )}
        </span>
        {details.map(([name, text]) => (
          <span key={name + text} class="step-detail">
            {name} <code>{text}</code>
          </span>
        ))}
      </div>
      {children.length > 0 && (
        <ul>
          {children.map((child, index) => (
            <Step key={index} node={child} whole={whole} />
          ))}
        </ul>
      )}
    </li>
  )
}
