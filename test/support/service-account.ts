import { execFileSync } from 'node:child_process'

/** Database servers refuse to run as root: the account to run them under then, else undefined. */
export function serviceAccount(name: 'postgres' | 'mysql'): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const account of [name, 'nobody']) {
    try {
      const id = (flag: string): number =>
        Number(execFileSync('id', [flag, account], { encoding: 'utf8', stdio: 'pipe' }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      continue // no such account on this machine
    }
  }
  return undefined
}
