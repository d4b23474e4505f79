import { BriskError } from '@prisma-brisk/core'
import type { MigrationAnswer, ProjectAdvice } from '../advice/project-advice.ts'
import { NoHubError, NoRequestError } from '../errors.ts'
import { findHub } from '../hub/hub-file.ts'
import type { CacheView } from '../answer/summaries.ts'
import type { ProblemView, RequestFilter } from '../answer/api.ts'
import type { ExplainedStatement } from '../hub/explainer.ts'
import type { RequestRow, RequestView } from '../answer/request-view.ts'

/** Milliseconds a hub may take to answer. */
const PATIENCE_MS = 10_000
/** Advice reads the whole project. */
const ADVICE_MS = 300_000

/** Asks the hub that runs. */
export class HubClient {
  private readonly base: URL
  private readonly token: string

  constructor(address: string) {
    this.base = new URL(address)
    this.token = this.base.searchParams.get('token') ?? ''
  }

  /** @throws NoHubError where none runs */
  static find(cwd: string): HubClient {
    const hub = HubClient.lookFor(cwd)
    if (hub === null) throw new NoHubError()
    return hub
  }

  /** Null where none runs. */
  static lookFor(cwd: string): HubClient | null {
    const address = findHub(cwd)
    return address === null || !URL.canParse(address) ? null : new HubClient(address)
  }

  async requests(filter: RequestFilter): Promise<RequestRow[]> {
    const { rows } = (await this.get(`/api/requests?${queryOf(filter)}`)) as { rows: RequestRow[] }
    return rows
  }

  /** @throws NoRequestError where it holds no such request */
  async request(id: string): Promise<RequestView> {
    const view = /^[\w-]+$/.test(id) ? await this.get(`/api/requests/${id}`) : null
    if (view === null) throw new NoRequestError(id)
    return view as RequestView
  }

  async problems(filter: RequestFilter): Promise<ProblemView[]> {
    return (await this.get(`/api/problems?${queryOf(filter)}`)) as ProblemView[]
  }

  /**
   * The plans of the statements of a request, taken now.
   *
   * @throws NoRequestError where it holds no such request or call
   */
  async explain(request: string, call?: number): Promise<ExplainedStatement[]> {
    const plans = await this.ask('POST', '/api/explain', { request, call })
    if (plans === null) throw new NoRequestError(request)
    return plans as ExplainedStatement[]
  }

  /** @throws BriskError with the code of the advisor's error */
  async advice(): Promise<ProjectAdvice> {
    return (await this.ask('GET', '/api/advice', undefined, ADVICE_MS)) as ProjectAdvice
  }

  /**
   * @param confirm that of the answer which somebody agreed to; without it nothing is written
   * @throws BriskError with the code of the advisor's error; nothing is written then
   */
  async migration(confirm: string | null): Promise<MigrationAnswer> {
    return (await this.ask('POST', '/api/migration', { confirm }, ADVICE_MS)) as MigrationAnswer
  }

  async cache(): Promise<CacheView> {
    return (await this.get('/api/cache')) as CacheView
  }

  /** Null where the hub knows no such thing. */
  private async get(path: string): Promise<unknown> {
    return this.ask('GET', path)
  }

  private async ask(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    patience = PATIENCE_MS,
  ): Promise<unknown> {
    let response: Response
    try {
      response = await fetch(new URL(path, this.base.origin), {
        method,
        headers: { Authorization: `Bearer ${this.token}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(patience),
      })
    } catch {
      throw new NoHubError()
    }
    if (response.status === 404) return null
    if (response.status === 409) {
      const { code, error } = (await response.json()) as { code: string; error: string }
      throw new BriskError(code, error)
    }
    if (!response.ok) throw new NoHubError()
    return response.json()
  }
}

function queryOf({ route, issues, limit }: RequestFilter): string {
  const query = new URLSearchParams()
  if (route !== undefined) query.set('route', route)
  if (issues === true) query.set('issues', '1')
  if (limit !== undefined) query.set('limit', String(limit))
  return query.toString()
}
