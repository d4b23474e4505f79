import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun'

const lockfiles: readonly (readonly [file: string, manager: PackageManager])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
]

/** The package manager of a project: that of the nearest lockfile, else the one that runs this, else npm. */
export function packageManagerOf(
  cwd: string,
  userAgent = process.env['npm_config_user_agent'],
): PackageManager {
  for (let at = cwd; ; at = dirname(at)) {
    const found = lockfiles.find(([file]) => existsSync(join(at, file)))
    if (found !== undefined) return found[1]
    if (at === dirname(at)) break
  }
  const running = /^(npm|pnpm|yarn|bun)\//.exec(userAgent ?? '')?.[1]
  return (running as PackageManager | undefined) ?? 'npm'
}

/** The line that installs a package. */
export function installLine(manager: PackageManager, name: string, kind: 'runtime' | 'development'): string {
  const isDevelopment = kind === 'development'
  if (manager === 'npm') return `npm install ${isDevelopment ? '--save-dev ' : ''}${name}`
  return `${manager} add ${isDevelopment ? '--dev ' : ''}${name}`
}

/** The line that runs a command of an installed package. */
export function runLine(manager: PackageManager, command: string): string {
  return `${{ npm: 'npx', pnpm: 'pnpm exec', yarn: 'yarn', bun: 'bunx' }[manager]} ${command}`
}
