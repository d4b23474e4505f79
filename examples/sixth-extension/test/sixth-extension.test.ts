import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

test('an extension of its own hears of writes after COMMIT, beside the suite', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@prisma-brisk/source', '--import', 'tsx', 'main.ts'],
    { cwd: join(import.meta.dirname, '..') },
  )
  expect(stdout.trim().split('\n')).toEqual([
    'written: User',
    'inside the transaction: nothing yet',
    'written: Conversation',
    'rolled back: nothing was written',
  ])
})
