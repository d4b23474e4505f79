import { readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../../scripts/workspace.ts'

/** Every command of the suite that the README, the pages and the packages' READMEs tell their readers to run, once. */
export function documentedCommands(): string[] {
  const files = execFileSync('git', ['ls-files', 'README.md', 'docs/*.md', 'packages/*/README.md'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  const lines = files
    .trim()
    .split('\n')
    .flatMap((file) => [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^```sh\n([^]*?)^```/gm)])
    .flatMap(([, block = '']) => block.replace(/ \\\n\s*/g, ' ').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => /^npx (?:brisk|@prisma-brisk\/index-advisor)\b/.test(line))
    // The database is the reader's own.
    .map((line) => line.replace(/\w+:\/\/…/g, '"$DATABASE_URL"'))
  return [...new Set(lines)]
}
