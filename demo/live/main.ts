// `npm run live`: brisk live before the demo application, with traffic. Arguments go to the command.
import { join } from 'node:path'

import { run } from '@prisma-brisk/live/cli'

process.env['DEMO_TRAFFIC'] = '1'
const application = [
  process.execPath,
  '--conditions=@prisma-brisk/source',
  '--import',
  'tsx',
  join(import.meta.dirname, 'application-run.ts'),
]
// Where the schema is: advice on its indexes is then read in seconds.
const cwd = join(import.meta.dirname, '../../prisma')
process.exitCode = await run(['live', '--values', ...process.argv.slice(2), '--', ...application], { cwd })
