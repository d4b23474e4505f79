/** Numbers as people read them; a column of them stands right. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const one = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const two = new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

export function count(value: number): string {
  return whole.format(value)
}

/** `0.42 ms`, `3.1 ms`, `128 ms`, `2.41 s`. */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${two.format(ms / 1000)} s`
  if (ms >= 100) return `${whole.format(ms)} ms`
  return ms >= 10 ? `${one.format(ms)} ms` : `${two.format(ms)} ms`
}

/** `1 statement`, `38 statements`. */
export function counted(value: number, noun: string, nouns = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : nouns}`
}

export function percent(share: number): string {
  return `${one.format(share * 100)} %`
}

/** `14:03:12` of this clock. */
export function clock(time: string): string {
  return new Date(time).toLocaleTimeString('en-GB')
}

/** Megabytes with one digit. */
export function megabytes(bytes: number): string {
  return `${one.format(bytes / 1024 / 1024)} MB`
}

/** `src/posts.ts:17` of `/app/src/posts.ts:17:37`, as seen from the application's directory. */
export function shortPlace(callSite: string, cwd = ''): string {
  const path = callSite.replace(/:\d+$/, '')
  if (cwd !== '' && path.startsWith(cwd)) return path.slice(cwd.length).replace(/^[/\\]/, '')
  return path.split(/[/\\]/).slice(-3).join('/')
}
