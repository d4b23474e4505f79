import { join } from 'node:path'
import { run } from '../../scripts/program.ts'
import { steps } from './support/recorded-run.ts'

/**
 * The other clients that Prisma generates, in CommonJS with the built packages (`npm test` has built them): alone, and first, in the
 * middle and last among foreign extensions, each operation answers as the same client did without the suite.
 */
test.each([
  ['prisma-client, moduleFormat cjs', 'postgresql-cjs/client.ts'],
  ['prisma-client-js', 'postgresql-js/index.js'],
])(
  '%s',
  async (_, client) => {
    const root = join(import.meta.dirname, '../..')
    const { code, output } = await run(
      'env',
      [
        '-u',
        'NODE_OPTIONS',
        process.execPath,
        '--import',
        'tsx',
        join(import.meta.dirname, 'support/generated-clients-run.ts'),
        join(root, 'prisma/generated', client),
      ],
      root,
    )
    const line = output.split('\n').find((each) => each.startsWith('{'))
    if (code !== 0 || line === undefined) throw new Error(`exit code ${code}:\n${output}`)
    expect(JSON.parse(line)).toEqual({ steps: steps.length, failsWhereItShould: true, otherwise: [] })
  },
  120_000,
)
