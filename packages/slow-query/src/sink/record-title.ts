import type { DeferredFailureRecord, SinkRecord } from '../record/records.ts'

/** One line that says what happened, without values. */
export function titleOf(record: SinkRecord): string {
  switch (record.type) {
    case 'long-list':
      return `long list: ${record.advice}`
    case 'small-pool':
      return `pool: ${record.advice}`
    case 'quiet-lists':
      return `limits: ${record.advice}`
    case 'slow-query':
      return `slow query: ${nameOf(record)} took ${Math.round(record.ms)} ms`
    case 'n-plus-one':
      return `n+1: ${nameOf(record)} ${record.count} times${record.callSite === null ? '' : ` at ${record.callSite}`}`
    case 'alert':
      return `alert: ${record.metric}${record.model === null ? '' : ` of ${record.model}`} ${record.from} → ${record.to} (${record.value})`
    case 'request-budget':
      return `request budget: ${record.request} sent ${statements(record)} in ${Math.round(record.databaseMs)} ms`
    case 'slow-request':
      return `slow request: ${record.request} took ${record.ms} ms, ${statements(record)}`
    case 'deferred-failure':
      return `${deferredName(record)} failed: ${record.error.code ?? record.error.name}`
  }
}

function statements({ statements: count }: { readonly statements: number }): string {
  return `${count} statement${count === 1 ? '' : 's'}`
}

function deferredName({ model, operation, callSite }: DeferredFailureRecord): string {
  const name = operation === null ? 'deferred task' : `deferred ${nameOf({ model, operation })}`
  return callSite === null ? name : `${name} at ${callSite}`
}

function nameOf({ model, operation }: { readonly model: string | null; readonly operation: string }): string {
  return model === null ? operation : `${model}.${operation}`
}
