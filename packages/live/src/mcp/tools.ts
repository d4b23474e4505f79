import { LiveArgumentError } from '../errors.ts'
import { HubClient } from '../client/hub-client.ts'
import { withoutValues } from '../answer/request-view.ts'
import { projectAdvice, projectMigration } from '../advice/project-advice.ts'

export interface ToolContext {
  /** The project. */
  readonly cwd: string
  /** Whether answers may hold values of arguments. */
  readonly showsValues: boolean
}

type Arguments = Readonly<Record<string, unknown>>

interface Tool {
  readonly name: string
  readonly description: string
  readonly inputSchema: {
    readonly type: 'object'
    readonly properties: Record<string, object>
    readonly required?: string[]
    readonly additionalProperties: false
  }
  readonly annotations: { readonly readOnlyHint: boolean }
  run(args: Arguments, context: ToolContext): Promise<unknown>
}

const ROUTE = { type: 'string', description: 'only requests whose name holds this text, such as "/posts"' }
const LIMIT = {
  type: 'integer',
  minimum: 1,
  maximum: 1000,
  description: 'at most so many, the youngest; default 20',
}
const ID = { type: 'string', description: 'id of a request, or "latest"' }

/** What an agent may ask. Without `--values` no answer holds what users have written. */
export const tools: readonly Tool[] = [
  {
    name: 'list_problems',
    description:
      'What is wrong with the requests seen so far, one entry a place: N+1 loops, duplicate reads, lists without a limit, rows read and thrown away, sequential scans. Each has callSite (file:line:column), mend (the change to make) and requestsSince (requests of the route that ended without it since: from 1 on it may be mended).',
    inputSchema: { type: 'object', properties: { route: ROUTE }, additionalProperties: false },
    annotations: { readOnlyHint: true },
    run: async (args, { cwd }) => HubClient.find(cwd).problems({ route: textIn(args, 'route') }),
  },
  {
    name: 'list_requests',
    description: 'The requests seen so far, youngest first: name, status, ms, statements, rows, badges.',
    inputSchema: {
      type: 'object',
      properties: {
        route: ROUTE,
        issues: { type: 'boolean', description: 'only those with problems' },
        limit: LIMIT,
      },
      additionalProperties: false,
    },
    annotations: { readOnlyHint: true },
    run: async (args, { cwd }) =>
      HubClient.find(cwd).requests({
        route: textIn(args, 'route'),
        issues: args['issues'] === true,
        limit: limitIn(args),
      }),
  },
  {
    name: 'get_request',
    description:
      'One request: problems, calls in order with place, statements and plans, batches, cache, transactions.',
    inputSchema: { type: 'object', properties: { id: ID }, required: ['id'], additionalProperties: false },
    annotations: { readOnlyHint: true },
    run: async (args, { cwd, showsValues }) => {
      const view = await HubClient.find(cwd).request(needed(args, 'id'))
      return showsValues ? view : withoutValues(view)
    },
  },
  {
    name: 'explain',
    description:
      "The database's plan of each read of a request, taken now by the application on a connection of its own, one a shape of statement; nothing is run, and writes are not planned.",
    inputSchema: {
      type: 'object',
      properties: { id: ID, call: { type: 'integer', description: 'number of one call; default: all' } },
      required: ['id'],
      additionalProperties: false,
    },
    annotations: { readOnlyHint: true },
    run: async (args, { cwd }) => HubClient.find(cwd).explain(needed(args, 'id'), callIn(args)),
  },
  {
    name: 'cache_stats',
    description:
      'Hit rate, reads by model, why reads were bypassed, and which writes invalidated what, with their places.',
    inputSchema: { type: 'object', properties: {}, additionalProperties: false },
    annotations: { readOnlyHint: true },
    run: async (_, { cwd }) => HubClient.find(cwd).cache(),
  },
  {
    name: 'advise_indexes',
    description:
      'The indexes that the project lacks, by its schema, its code and the statements that the hub has seen, with reasons. Changes nothing.',
    inputSchema: { type: 'object', properties: {}, additionalProperties: false },
    annotations: { readOnlyHint: true },
    run: async (_, { cwd }) => HubClient.lookFor(cwd)?.advice() ?? projectAdvice([cwd], []),
  },
  {
    name: 'write_migration',
    description:
      'Edits the schema and adds a migration for the advised indexes, as `brisk advise --write` does; it is not applied. Call it without confirm: the answer says what would be written, and into which directory. Show both to the user; once they agree, call it with the confirm of that answer.',
    inputSchema: {
      type: 'object',
      properties: {
        confirm: { type: 'string', description: 'that of the answer to which the user has agreed' },
      },
      additionalProperties: false,
    },
    annotations: { readOnlyHint: false },
    run: async (args, { cwd }) => {
      const confirm = textIn(args, 'confirm') ?? null
      return HubClient.lookFor(cwd)?.migration(confirm) ?? projectMigration([cwd], [], confirm)
    },
  },
]

function textIn(args: Arguments, name: string): string | undefined {
  const value = args[name]
  if (value === undefined || typeof value === 'string') return value
  throw new LiveArgumentError(name, 'a text', value)
}

function needed(args: Arguments, name: string): string {
  const text = textIn(args, name)
  if (text === undefined) throw new LiveArgumentError(name, 'a text', undefined)
  return text
}

function limitIn({ limit = 20 }: Arguments): number {
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit
  throw new LiveArgumentError('limit', 'a whole number from 1 to 1,000', limit)
}

function callIn({ call }: Arguments): number | undefined {
  if (call === undefined || (typeof call === 'number' && Number.isInteger(call))) return call
  throw new LiveArgumentError('call', 'the number of a call', call)
}
