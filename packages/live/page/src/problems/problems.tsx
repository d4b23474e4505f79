import type { ComponentChildren } from 'preact'
import { CopyButton } from '../ui/copy-button.tsx'
import { PlaceLink } from '../ui/place-link.tsx'
import { MigrationButton } from './migration.tsx'
import { mendOf, promptFor, shortened, type Problem } from './problem-text.ts'

interface ProblemProps {
  /** One, or those that one mend is for. */
  readonly problems: readonly [Problem, ...Problem[]]
  /** Where it was seen, in words. */
  readonly route: string
  /** Of its heading. */
  readonly level: 3 | 4
  readonly cwd?: string
  /** Said beside its title. */
  readonly children?: ComponentChildren
}

/** One problem: what was seen, where, and the change that mends it. */
export function ProblemCard({ problems, route, level, cwd, children }: ProblemProps) {
  const [problem] = problems
  const { title, from, kind } = problem
  const places = [...new Set(problems.flatMap(({ callSite }) => callSite ?? []))]
  const { change, code } = mendOf(problem)
  const Title = `h${level}` as const
  return (
    <li class="problem">
      <Title class="problem-title">{title}</Title>
      {children !== undefined && <p class="seen">{children}</p>}
      <p class="problem-places">
        {places.map((callSite) => (
          <span key={callSite} class="listed">
            <PlaceLink callSite={callSite} cwd={cwd} />
          </span>
        ))}
        {from !== undefined && (
          <>
            {' from '}
            <From text={from} cwd={cwd} />
          </>
        )}
      </p>
      <p class="mend">{shortened(change, cwd)}</p>
      <div class="actions">
        <CopyButton text={code} label="Copy fix" />
        <CopyButton text={promptFor(problems, route)} label="Copy as prompt" />
        {kind === 'sequential-scan' && <MigrationButton />}
      </div>
    </li>
  )
}

/** `Post.findMany (/app/src/posts.ts:14:53)`, or a place alone. */
function From({ text, cwd }: { text: string; cwd?: string | undefined }) {
  const [, name = '', place = text] = /^(.*) \((.*)\)$/.exec(text) ?? []
  return (
    <>
      {name} <PlaceLink callSite={place} cwd={cwd} />
    </>
  )
}
