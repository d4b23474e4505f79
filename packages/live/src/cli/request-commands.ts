import { LiveArgumentError } from '../errors.ts'
import { HubClient } from '../client/hub-client.ts'
import { nameOf } from '../answer/folded-calls.ts'
import { withoutValues, type RequestRow, type RequestView } from '../answer/request-view.ts'
import type { ExplainedStatement } from '../hub/explainer.ts'
import type { CliHost } from './cli-host.ts'

export interface RequestsFlags {
  readonly issues?: boolean
  readonly route?: string
  readonly limit?: string
  readonly json?: boolean
}

export interface RequestFlags {
  readonly explain?: boolean
  readonly json?: boolean
  readonly values?: boolean
}

export async function requestsCommand(flags: RequestsFlags, host: CliHost): Promise<number> {
  const { issues = false, route } = flags
  const limit = flags.limit === undefined ? 100 : Number(flags.limit)
  if (!Number.isInteger(limit) || limit < 1)
    throw new LiveArgumentError('--limit', 'a whole number from 1', flags.limit)
  const rows = await HubClient.find(host.cwd).requests({ route, issues, limit })
  if (flags.json === true) host.stdout(`${JSON.stringify(rows, null, 2)}\n`)
  else if (rows.length > 0) for (const row of rows) host.stdout(`${rowLine(row)}\n`)
  else host.stdout(issues ? 'No request with problems.\n' : 'No request so far.\n')
  return issues && rows.length > 0 ? 1 : 0
}

export async function requestCommand(id: string, flags: RequestFlags, host: CliHost): Promise<number> {
  const hub = HubClient.find(host.cwd)
  const view = await hub.request(id)
  const shown = flags.values === true ? view : withoutValues(view)
  const plans = flags.explain === true ? await hub.explain(view.id) : null
  if (flags.json === true)
    host.stdout(`${JSON.stringify(plans === null ? shown : { ...shown, plans }, null, 2)}\n`)
  else host.stdout(`${requestText(shown)}${(plans ?? []).map(planText).join('')}`)
  return 0
}

function rowLine(row: RequestRow): string {
  const { id, time, name, status, ms, databaseMs, statements, badges } = row
  return [
    time.slice(11, 23),
    printable(name),
    ...(status === null ? [] : [String(status)]),
    ms === null ? 'running' : `${Math.round(ms)} ms`,
    `${databaseMs.toFixed(1)} ms in the database`,
    counted(statements, 'statement'),
    ...badges.map((badge) => `[${badge}]`),
    id,
  ].join('  ')
}

function requestText(view: RequestView): string {
  const lines = [rowLine(view), '']
  for (const { title, callSite, mend, from } of view.problems)
    lines.push(
      printable(title),
      ...(callSite === null ? [] : [`  at   ${printable(callSite)}`]),
      ...(from === undefined ? [] : [`  from ${printable(from)}`]),
      `  mend ${printable(mend)}`,
      '',
    )
  const calls = new Map(view.timeline.map((each) => [each.call, each]))
  for (const { name, count, from, to, statements, callSite, calls: numbers } of view.folded) {
    const folded = numbers.flatMap((number) => calls.get(number) ?? [])
    const hits = folded.filter(({ cache }) => cache === 'hit' || cache === 'stale').length
    const sql = folded[0]?.model === null ? folded[0].statements[0]?.sql : undefined
    lines.push(
      [
        `${from.toFixed(1).padStart(8)} ms`,
        `${printable(name)}${count > 1 ? ` × ${count}` : ''}`,
        `${(to - from).toFixed(1)} ms`,
        counted(statements, 'statement'),
        ...(hits === 0 ? [] : [hits === folded.length ? 'cached' : `${hits} cached`]),
        ...(callSite === null ? [] : [printable(callSite)]),
        // The name of raw SQL says nothing.
        ...(sql === undefined ? [] : [printable(shortened(sql))]),
      ].join('  '),
    )
  }
  for (const { event, model, operation, callSite, tags } of view.cache)
    if (event === 'invalidate')
      lines.push(
        `invalidated ${counted(tags ?? 0, 'tag')}: ${nameOf({ model, operation })}${callSite === null ? '' : `  ${printable(callSite)}`}`,
      )
  if (view.callsDropped > 0)
    lines.push(`Beyond these, ${counted(view.callsDropped, 'call')} did not fit into memory.`)
  return `${lines.join('\n')}\n`
}

function planText({ operation, callSite, sql, plan, reason }: ExplainedStatement): string {
  const said = plan === null ? (reason ?? 'no plan') : JSON.stringify(plan, null, 2)
  return `\n${printable(operation)}${callSite === null ? '' : `  ${printable(callSite)}`}\n  ${printable(sql)}\n${said.replace(/^/gm, '  ')}\n`
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

const SQL_LENGTH = 80

function shortened(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim()
  return line.length > SQL_LENGTH ? `${line.slice(0, SQL_LENGTH - 1)}…` : line
}

/** Names come from outside: nothing in them may speak to the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?')
}
