// Everything that can be said about the code without a server: types (what is published by both compilers), lint, format, unused code, and
// the packages as they would be published. Two steps run at a time; a failing step prints what it found.
import { buildPackages } from './build.ts'
import { checkPackedPackage, withPackedPackages } from './packed-package.ts'
import { each, type Outcome, run } from './program.ts'
import { binary, ROOT } from './workspace.ts'

interface Step {
  name: string
  run: () => Promise<Outcome>
}

const node = (...args: string[]) => run(process.execPath, args, ROOT)

const STEPS: Step[] = [
  { name: 'types (TypeScript 7)', run: () => node(binary('typescript-7', 'tsc'), '-p', 'tsconfig.json') },
  {
    name: 'types of the packages (TypeScript 6)',
    run: () => node(binary('typescript', 'tsc'), '-p', 'tsconfig.packages.json'),
  },
  {
    name: 'types of the page of brisk live',
    run: () => node(binary('typescript-7', 'tsc'), '-p', 'packages/live/page/tsconfig.json'),
  },
  { name: 'lint', run: () => node(binary('oxlint'), '--type-aware', '--deny-warnings') },
  { name: 'format', run: () => node(binary('prettier'), '--check', '.', '--log-level', 'warn') },
  {
    name: 'unused code and dependencies',
    run: () => node(binary('knip'), '--no-progress', '--no-config-hints'),
  },
  { name: 'packages (build, publint, attw)', run: checkPackages },
]

async function checkPackages(): Promise<Outcome> {
  const built = await buildPackages()
  if (built.code !== 0) return built
  const outcomes = await withPackedPackages((packages) => each(packages, 2, checkPackedPackage))
  return {
    code: outcomes.some(({ code }) => code !== 0) ? 1 : 0,
    output: outcomes.map(({ output }) => output).join(''),
  }
}

const wanted = process.argv.slice(2)
const steps = STEPS.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)))
if (steps.length === 0) {
  console.error(
    `No check is called ${wanted.join(' ')}; there are ${STEPS.map(({ name }) => name).join(', ')}`,
  )
  process.exit(2)
}
const codes = await each(steps, 2, async (step) => {
  const started = performance.now()
  const { code, output } = await step.run()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  if (code !== 0) console.log(`\n${output.trim()}\n`)
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)`)
  return code
})
const failed = codes.filter((code) => code !== 0).length
console.log(failed === 0 ? `check: ${steps.length} passed` : `check: ${failed} of ${steps.length} failed`)
process.exit(failed === 0 ? 0 : 1)
