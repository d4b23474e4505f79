import { runStatic } from '../advisor/static.ts'
import type { Bench } from '../harness.ts'

/** The index advisor: what it costs to read a large project, and how true its plans are. */
export function run(bench: Bench): void {
  runStatic(bench)
}
