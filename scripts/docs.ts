// Writes the reference and the table of proofs from the sources and builds the site into docs/.vitepress/dist; a dead link fails it.
import { writeFileSync } from 'node:fs'

import { BEHAVIOUR_PROOF, behaviourProof } from './behaviour-proof.ts'
import { CONFIGURATION_REFERENCE, configurationReference } from './configuration-reference.ts'
import { run } from './program.ts'
import { binary, ROOT } from './workspace.ts'

writeFileSync(CONFIGURATION_REFERENCE, await configurationReference())
writeFileSync(BEHAVIOUR_PROOF, (await behaviourProof()).text)
const started = performance.now()
const { code, output } = await run(process.execPath, [binary('vitepress'), 'build', 'docs'], ROOT)
if (code !== 0) console.error(output.trim())
else console.log(`docs/.vitepress/dist built in ${((performance.now() - started) / 1000).toFixed(1)} s`)
process.exit(code)
