import { BriskError } from '@prisma-brisk/core'
import { projectAdvice, projectMigration } from '../advice/project-advice.ts'
import { seenStatements } from '../advice/seen-statements.ts'
import type { History } from '../history/history.ts'
import { Explainer } from './explainer.ts'
import type { Questions } from './questions.ts'

/** A status of HTTP, and what is answered as JSON. */
export interface ActionAnswer {
  readonly status: 200 | 404 | 409
  readonly value: unknown
}

/** What the hub does when it is asked to, beside showing what it holds. */
export class Actions {
  private readonly explainer: Explainer
  /** One after the other: what is written rests on what is read. */
  private turn: Promise<unknown> = Promise.resolve()

  /** @param cwd where the project is looked for first, then where its processes run */
  constructor(
    private readonly history: History,
    questions: Questions,
    private readonly cwd: string,
  ) {
    this.explainer = new Explainer(history, questions)
  }

  /** Null where there is no such action. */
  answer(
    method: string | undefined,
    path: string,
    body: Readonly<Record<string, unknown>>,
  ): Promise<ActionAnswer> | null {
    switch (`${method} ${path}`) {
      case 'POST /api/explain':
        return this.explain(body)
      case 'GET /api/advice':
        return this.advised(() => projectAdvice(this.directories(), seenStatements(this.history)))
      case 'POST /api/migration':
        return this.advised(() =>
          projectMigration(this.directories(), seenStatements(this.history), agreementIn(body)),
        )
      default:
        return null
    }
  }

  private async explain(body: Readonly<Record<string, unknown>>): Promise<ActionAnswer> {
    const plans = await this.explainer.explain(body)
    return plans === null ? { status: 404, value: { error: NO_STATEMENT } } : { status: 200, value: plans }
  }

  private advised(work: () => Promise<unknown>): Promise<ActionAnswer> {
    const answer = this.turn.then(async (): Promise<ActionAnswer> => {
      try {
        return { status: 200, value: await work() }
      } catch (error) {
        if (!(error instanceof BriskError)) throw error
        return { status: 409, value: { code: error.code, error: error.message } }
      }
    })
    this.turn = answer.catch(() => undefined)
    return answer
  }

  private directories(): string[] {
    const processes = [...this.history.processes.values()].reverse().map(({ cwd }) => cwd)
    return [...new Set([this.cwd, ...processes.filter((cwd) => cwd !== '')])]
  }
}

function agreementIn({ confirm }: Readonly<Record<string, unknown>>): string | null {
  return typeof confirm === 'string' ? confirm : null
}

const NO_STATEMENT =
  'Expected { "request": id or "latest", "call"?: number, "fingerprint"?: text } of a request that the hub holds.'
