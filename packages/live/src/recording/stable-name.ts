/**
 * A name without what differs from run to run, or may be somebody's: dates, ids, addresses, long numbers. `user 7c9e… of
 * 2026-11-30` and tomorrow's are one.
 */
export function stableName(name: string): string {
  let stable = name.normalize('NFC')
  for (const [pattern, instead] of VARIABLE) stable = stable.replace(pattern, instead)
  return stable.replace(/\s+/g, ' ').trim()
}

const VARIABLE: readonly (readonly [RegExp, string])[] = [
  [/[\w.+-]+@[\w-]+\.[\w.-]*\w/g, '<email>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b/g, '<date>'],
  [
    /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [\w ]+ \d{4} \d\d:\d\d:\d\d(?: GMT)?(?:[+-]\d{4})?(?: \([^)]*\))?/g,
    '<date>',
  ],
  [/\b\d{1,2}[/.]\d{1,2}[/.]\d{4}\b/g, '<date>'],
  [/\b\d{1,2}:\d\d:\d\d(?:\.\d+)?\b/g, '<time>'],
  [/\b(?:\d{1,3}\.){3}\d{1,3}\b(?::\d+)?/g, '<address>'],
  [/\b(?:localhost|\[::1\]):\d+/g, '<address>'],
  // Cuids, nanoids, ULIDs: letters and digits that change places more often than in words.
  [/(?<![\w-])(?=[\w-]{16})(?:[A-Za-z_-]*\d+[A-Za-z]+){2,}[\w-]*(?![\w-])/g, '<id>'],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b/gi, '<id>'],
  [/\d+\.\d{4,}|\d{5,}(?:\.\d+)?/g, '<number>'],
  // A terminal, and a diff, are told nothing by names.
  [/\p{Cc}/gu, ' '],
]
