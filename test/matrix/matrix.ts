// Runs the checks of ./conformance on every runtime, version, bundle and pool that the docs name, or on those that the
// words select: `npm run test:matrix -- bun deno`. With `--write` the results become docs/reference/where-it-runs.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { buildPackages } from '../../scripts/build.ts'
import { packPackages } from '../../scripts/packed-package.ts'
import { ensureServers } from '../support/servers.ts'
import { runCell, type Cell, type CellResult } from './cells/cell.ts'
import { bundleCells } from './cells/bundles.ts'
import { edgeCells } from './cells/edge.ts'
import { runtimeCells } from './cells/runtimes.ts'
import { httpCells } from './cells/http-databases.ts'
import { frameworkCells } from './cells/frameworks.ts'
import { poolCells } from './cells/pools.ts'
import { versionCells } from './cells/versions.ts'
import { readResults, recordOf, writeResults, type Results } from './where-it-runs.ts'
import { Workshop } from './cells/workshop.ts'

const CELLS: Cell[] = [
  ...runtimeCells,
  ...edgeCells,
  ...bundleCells,
  ...versionCells,
  ...frameworkCells,
  ...poolCells,
  ...httpCells,
]

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const cells = CELLS.filter(
  ({ name, group }) => words.length === 0 || words.some((word) => name === word || group === word),
)
if (cells.length === 0) {
  console.error(`No cell is called ${words.join(' ')}; there are ${CELLS.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
const servers = await ensureServers((line) => console.log(line))
Object.assign(process.env, servers.env)
const place = mkdtempSync(join(tmpdir(), 'brisk-matrix-pack-'))
let failed = 0
const today = new Date().toISOString().slice(0, 10)
try {
  if (!process.argv.includes('--built')) {
    const built = await buildPackages()
    if (built.code !== 0) throw new Error(built.output)
  }
  const workshop = new Workshop(await packPackages(place))
  for (const cell of cells) {
    const started = performance.now()
    const result = await runCell(cell, workshop).catch((error: unknown): CellResult => ({
      versions: {},
      verdicts: [{ run: 'the cell', check: 'the cell', verdict: 'fail', why: String(error) }],
    }))
    const bad = result.verdicts.filter(({ verdict }) => verdict === 'fail')
    if (bad.length > 0) failed++
    // Read anew: two runs may write their cells side by side.
    if (process.argv.includes('--write'))
      writeResults(inOrder({ ...readResults(), [cell.name]: recordOf(cell, result, today) }))
    console.log(
      `${bad.length === 0 ? 'ok    ' : 'FAILED'} ${cell.name} ${JSON.stringify(result.versions)} ${summary(result)} (${Math.round((performance.now() - started) / 1000)} s)`,
    )
    for (const { run, check, why } of bad.slice(0, 10)) console.log(`  ${run}: ${check}: ${why}`)
  }
} finally {
  rmSync(place, { recursive: true, force: true })
  await servers.stop()
}
console.log(
  failed === 0 ? `matrix: ${cells.length} cells passed` : `matrix: ${failed} of ${cells.length} cells failed`,
)
process.exit(failed === 0 ? 0 : 1)

function summary({ verdicts }: CellResult): string {
  return [...new Set(verdicts.map(({ run }) => run))]
    .map((run) => {
      const all = verdicts.filter((verdict) => verdict.run === run)
      return `${run} ${all.filter(({ verdict }) => verdict === 'pass').length}/${all.length}`
    })
    .join(', ')
}

/** As the cells stand in the list, and none that is no more. */
function inOrder(all: Results): Results {
  return Object.fromEntries(CELLS.flatMap(({ name }) => (all[name] ? [[name, all[name]]] : [])))
}
