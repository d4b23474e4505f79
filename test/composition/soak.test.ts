import { join } from 'node:path'
import { run } from '../../scripts/program.ts'

/** Twenty seconds here, `BRISK_SOAK_SECONDS=600` nightly; `BRISK_SEED` replays the choices of a run. */
const seconds = Number(process.env['BRISK_SOAK_SECONDS'] ?? 20)

test(
  'mixed load while servers are killed: no wrong answer, no unhandled rejection, level memory, and the process can end',
  async () => {
    const seed = process.env['BRISK_SEED'] ?? String(Date.now() % 1e9)
    const script = join(import.meta.dirname, 'support/soak-run.ts')
    const { code, output } = await run(
      process.execPath,
      ['--conditions=@prisma-brisk/source', '--import', 'tsx', script, String(seconds), seed],
      join(import.meta.dirname, '../..'),
    )
    const line = output.split('\n').find((each) => each.startsWith('{'))
    if (line === undefined) throw new Error(`the run ended without a result (exit code ${code}):\n${output}`)
    const result = JSON.parse(line) as {
      wrong: string[]
      unhandled: string[]
      reads: number
      writes: number
      rolledBack: number
      redisKills: number
      terminations: number
      warm: { heap: number; resources: number }
      end: { heap: number; resources: number }
      heaps: number[]
    }
    expect({ seed, wrong: result.wrong, unhandled: result.unhandled }).toEqual({
      seed,
      wrong: [],
      unhandled: [],
    })
    expect(result.reads).toBeGreaterThan(300)
    expect(result.writes).toBeGreaterThan(50)
    expect(result.rolledBack).toBeGreaterThan(5)
    expect(result.redisKills).toBeGreaterThan(0)
    expect(result.terminations).toBeGreaterThan(0)
    expect(result.end.heap - result.warm.heap).toBeLessThan(64e6)
    // What is collected late differs by megabytes from one moment to the next; a leak grows for ever.
    expect(result.end.heap - (result.heaps[1] ?? 0)).toBeLessThan(24e6)
    // Cut connections are opened again when they are needed: what is level is the bound of the pools.
    expect(result.end.resources).toBeLessThanOrEqual(result.warm.resources + 24)
    expect(code).toBe(0)
  },
  seconds * 1000 + 120_000,
)
