// Builds every published package to ESM, CJS and types in its dist/.
import { each, type Outcome, run } from './program.ts'
import { binary, publishedPackages, ROOT, type WorkspacePackage } from './workspace.ts'

/** A notice about Node 20, and the stack of the bundler that reports an error. */
const NOISE = /^(?:\[tsdown\] Node\.js v20.* is deprecated.*| +at .*)\n/gm

export async function buildPackages(
  packages: readonly WorkspacePackage[] = publishedPackages(),
): Promise<Outcome> {
  const tsdown = binary('tsdown')
  const options = ['--config', `${ROOT}/tsdown.config.ts`, '--log-level', 'error']
  const outcomes = await each(packages, 2, async ({ name, directory }) => {
    const { code, output } = await run(process.execPath, [tsdown, ...options], directory)
    return { code, output: code === 0 ? '' : `${name}: ${output.replace(NOISE, '').trim()}\n` }
  })
  return {
    code: outcomes.some(({ code }) => code !== 0) ? 1 : 0,
    output: outcomes.map(({ output }) => output).join(''),
  }
}

if (process.argv[1] === import.meta.filename) {
  const { code, output } = await buildPackages()
  console.log(output.trim() || `built ${publishedPackages().length} packages`)
  process.exit(code)
}
