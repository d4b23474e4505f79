import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Benchmarks compare in one run, in turn, with medians of several rounds: shared machines drift, so absolute
 * times of different runs say nothing, while neighbours within a round see the same machine.
 */

/** One way to do the work. `times` repetitions are asked for; the harness divides by it. */
export interface Contender {
  readonly name: string
  readonly run: (times: number) => unknown
}

export interface Comparison {
  /** The bench's name, as in the issues: `batching/find-first/1000`. */
  readonly bench: string
  readonly subject: Contender['run']
  /** Each baseline gives one line; `atLeast` is the speedup that is asked for. */
  readonly baselines: readonly (Contender & { readonly atLeast?: number })[]
  /** Rounds after the warm-up; default 9. */
  readonly rounds?: number
  /** Rounds before that, in which V8 compiles what is to be measured; default 1. */
  readonly warmUps?: number
  /** Repetitions within a round; default 1. */
  readonly times?: number
  /** `ms` (default) or `µs` of time per repetition. */
  readonly unit?: 'ms' | 'µs'
}

/** What `--json` prints, one object a line. */
export type Line =
  | { bench: string; value: number; unit: string; baseline: string; baselineValue: number; speedup: number }
  | { bench: string; value: number; unit: string; limit: number }

export class Bench {
  readonly lines: Line[] = []

  constructor(
    private readonly json: boolean,
    private readonly only: string | null = null,
    /** Whether results that the documentation quotes are to be written into it (`--write`). */
    readonly writes = false,
  ) {}

  /** Whether a bench of this name is asked for (`npm run bench -- core --only hook`). */
  wants(bench: string): boolean {
    return this.only === null || bench.includes(this.only)
  }

  /** Runs subject and baselines in turn, round by round, and prints a line for each baseline. */
  async compare(comparison: Comparison): Promise<void> {
    const { bench, subject, baselines, rounds = 9, times = 1, warmUps = 1, unit = 'ms' } = comparison
    if (!this.wants(bench)) return
    const contenders: Contender[] = [{ name: 'subject', run: subject }, ...baselines]
    const values = await inTurn(contenders, rounds, times, warmUps)
    const scale = unit === 'µs' ? 1000 : 1
    const own = median(values[0] as number[]) * scale
    baselines.forEach((baseline, index) => {
      const other = median(values[index + 1] as number[]) * scale
      this.compared(bench, own, unit, baseline.name, other, baseline.atLeast)
    })
  }

  /** A line for values that were measured elsewhere (bytes, statements); `speedup = baselineValue / value`. */
  compared(
    bench: string,
    value: number,
    unit: string,
    baseline: string,
    baselineValue: number,
    atLeast?: number,
  ): void {
    const speedup = baselineValue / value
    const line = {
      bench,
      value: round(value),
      unit,
      baseline,
      baselineValue: round(baselineValue),
      speedup: round(speedup),
    }
    this.print(
      line,
      `${line.speedup}× ${baseline} (${line.value} against ${line.baselineValue} ${unit})`,
      atLeast === undefined ? null : `at least ${atLeast}×`,
      atLeast === undefined || speedup >= atLeast,
    )
  }

  /** A line for an overhead or a count that has a limit. */
  limited(bench: string, value: number, unit: string, limit: number): void {
    this.print(
      { bench, value: round(value), unit, limit },
      `${round(value)} ${unit}`,
      `limit ${limit}`,
      value <= limit,
    )
  }

  /**
   * For contenders that are nearly equal: a line for each baseline, by the median of the ratios between neighbours in many
   * short rounds, in which the machine's drift cancels out. The value is what the baseline's median becomes by that ratio.
   */
  async neighbours(comparison: Comparison): Promise<void> {
    const { bench, subject, baselines, rounds = 501, times = 10, warmUps = 300, unit = 'ms' } = comparison
    if (!this.wants(bench)) return
    const [own = [], ...others] = await inTurn(
      [{ name: 'subject', run: subject }, ...baselines],
      rounds,
      times,
      warmUps,
    )
    for (const [index, { name, atLeast }] of baselines.entries()) {
      const other = others[index] as number[]
      const ratio = median(own.map((value, round) => (other[round] as number) / value))
      const usual = median(other) * (unit === 'µs' ? 1000 : 1)
      this.compared(bench, usual / ratio, unit, name, usual, atLeast)
    }
  }

  /**
   * What `subject` costs above `floor`, in µs a repetition: the median of the differences between neighbours, in
   * which the machine's drift cancels out. A second line sets both side by side, for machines of another speed.
   */
  async overhead(
    bench: string,
    floor: Contender['run'],
    subject: Contender['run'],
    limit: number,
    { rounds = 101, times = 100, warmUps = 50 } = {},
  ): Promise<void> {
    if (!this.wants(bench)) return
    const [low, high] = await inTurn(
      [
        { name: 'floor', run: floor },
        { name: 'subject', run: subject },
      ],
      rounds,
      times,
      warmUps,
    )
    const differences = (low as number[]).map((value, index) => ((high as number[])[index] as number) - value)
    this.limited(bench, Math.max(0, median(differences) * 1000), 'µs', limit)
    const base = median(low as number[]) * 1000
    this.compared(bench, base + median(differences) * 1000, 'µs', 'floor', base)
  }

  /** A table of what holds, for people; `--json` leaves it out. */
  table(
    title: string,
    columns: readonly string[],
    rows: readonly { id: string; says: string; outcomes: readonly boolean[] }[],
  ): void {
    if (this.json) return
    console.log(`\n${title}: ${columns.map((column, index) => `${index + 1} ${column}`).join(', ')}`)
    for (const { id, says, outcomes } of rows) {
      console.log(`  ${outcomes.map((holds) => (holds ? '✓' : '·')).join(' ')}  ${id} ${says}`)
    }
  }

  private print(line: Line, text: string, asked: string | null, met: boolean): void {
    this.lines.push(line)
    if (this.json) console.log(JSON.stringify(line))
    else
      console.log(`${met ? ' ' : '✗'} ${line.bench.padEnd(44)} ${text}${asked === null ? '' : `, ${asked}`}`)
  }
}

/** Runs the contenders in turn, in changing order, and gives each one's milliseconds per repetition by round. */
export async function inTurn(
  contenders: readonly Contender[],
  rounds: number,
  times: number,
  warmUps = 1,
): Promise<number[][]> {
  const values: number[][] = contenders.map(() => [])
  for (let round = -warmUps; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (turn + Math.max(round, 0)) % contenders.length
      const startedAt = performance.now()
      await (contenders[index] as Contender).run(times)
      const ms = (performance.now() - startedAt) / times
      if (round >= 0) (values[index] as number[]).push(ms)
    }
  }
  return values
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Megabytes of live heap after a collection. */
export function heapMegabytes(): number {
  collect()
  return process.memoryUsage().heapUsed / 1e6
}

/** The most that `heap` shows while `run` runs, in megabytes above the beginning: garbage included, or what is live. */
export async function heapPeak(run: () => Promise<unknown>, heap = usedMegabytes): Promise<number> {
  const before = heapMegabytes()
  let peak = before
  const watch = setInterval(() => (peak = Math.max(peak, heap())), 5)
  await run()
  clearInterval(watch)
  return peak - before
}

const usedMegabytes = (): number => process.memoryUsage().heapUsed / 1e6

function round(value: number): number {
  return Number(value.toPrecision(4))
}
