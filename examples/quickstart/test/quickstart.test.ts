import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

test('thirty lines: fifty lists by one statement, a hit, and a write that is seen at once', async () => {
  // On a machine that is busy the slow-query log has something to say too; it does so on standard error.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@prisma-brisk/source', '--import', 'tsx', 'main.ts'],
    { cwd: join(import.meta.dirname, '..') },
  )
  expect(stdout.trim().split('\n')).toEqual(['50 lists, 1 statement', 'miss hit', 'miss Ada'])
})
