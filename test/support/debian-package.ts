import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/**
 * A program or server module that a test needs, from Debian's packages. Installs it where that is possible; else the
 * test fails with one line that says what to install, because nothing is skipped silently.
 */
export function ensureDebianPackage(name: string, isInstalled: () => boolean): void {
  if (isInstalled()) return
  const advice = `This test needs the Debian package ${name}: apt-get install ${name}`
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(advice)
  const apt = (...args: string[]): void => {
    execFileSync('apt-get', ['-qq', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  }
  try {
    apt('install', '-y', '--no-install-recommends', name)
  } catch {
    // The lists may be older than the mirror.
    apt('update')
    apt('install', '-y', '--no-install-recommends', name)
  }
  if (!isInstalled()) throw new Error(`${advice} (it was installed, but is not found)`)
}
