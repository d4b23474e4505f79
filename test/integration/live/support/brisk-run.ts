/** The `brisk` command from its source; see live.test.ts. */
import { runBrisk } from '../../../../packages/prisma-brisk/src/cli/command.ts'

process.exitCode = await runBrisk(process.argv.slice(2))
