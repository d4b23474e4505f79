import { runMysqlFidelity } from '../advisor/mysql-fidelity.ts'
import { runProof } from '../advisor/proof.ts'
import { runStatic } from '../advisor/static.ts'
import type { Bench } from '../harness.ts'

/** The index advisor: what it costs to read a large project, and how true its plans are. */
export async function run(bench: Bench): Promise<void> {
  runStatic(bench)
  await runProof(bench)
  await runMysqlFidelity(bench)
}
