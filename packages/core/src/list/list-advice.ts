import type { LongListReport, QuietLists } from './long-list.ts'

/** What is said of a long list, without values. */
export function longListAdvice({
  list,
  callSite,
  policy,
  code,
  limit,
  rows,
  count,
  seconds,
}: LongListReport): string {
  const head = `${list}${callSite === null ? '' : ` at ${callSite}`}`
  const often = count === 1 && seconds === 0 ? '' : ` (${count} times in ${seconds} s)`
  const instead =
    "read it in pages with cursorPage() or paginate(), or say why all rows are needed: unbounded: 'nightly export'"
  if (policy === 'cut')
    return `${head} was cut to its default limit of ${limit} rows${often}. Give it a take, ${instead}.`
  return `${head} ${lengthOf({ code, limit, rows })}${often}. A guard would refuse it (${code}). Give it a take, ${instead}.`
}

/** What is too much of a list, in a few words. */
export function lengthOf({ code, limit, rows }: Pick<LongListReport, 'code' | 'limit' | 'rows'>): string {
  switch (code) {
    case 'E_OFFSET_TOO_DEEP':
      return `skips more than ${limit} rows, which the database reads and drops`
    case 'E_LIMIT_EXCEEDED':
      return `asks for more than ${limit} rows, and had ${rows}`
    case 'E_COST_EXCEEDED':
      return `may reach more than its nested limits allow, and had ${rows} rows`
    case 'E_UNBOUNDED_READ':
      return `had ${rows} rows, more than ${limit}`
    default:
      return 'has a take or skip that is no whole number'
  }
}

/** What is said once lists have been quiet for long. */
export function quietAdvice({ since, days, lists, longest, limit }: QuietLists): string {
  return `no list above ${limit} rows in ${Math.floor(days)} days: you can switch to guard, pagination: { limits: 'guard' }. This process has looked at ${lists} lists since ${new Date(since).toISOString()}; the longest had ${longest} rows.`
}
