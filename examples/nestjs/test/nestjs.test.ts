import { join } from 'node:path'
import { run } from '../../../scripts/program.ts'
import { createDatabase } from '../../../test/support/databases.ts'

test('the NestJS example passes its own tests under CommonJS jest, on the built packages', async () => {
  const database = await createDatabase('postgresql')
  const directory = join(import.meta.dirname, '..')
  const jest = join(directory, 'node_modules/jest/bin/jest.js')
  try {
    const { code, output } = await run(
      'env',
      ['-u', 'NODE_OPTIONS', `DATABASE_URL=${database.url}`, process.execPath, jest, '-c', 'jest.config.cjs'],
      directory,
    )
    if (code !== 0) throw new Error(output)
    expect(output).toContain('2 passed')
  } finally {
    await database.drop()
  }
}, 120_000)
