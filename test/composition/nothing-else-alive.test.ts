import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const script = join(import.meta.dirname, 'support/nothing-else-alive-run.ts')

test.each(['sink', 'store'])(
  'S11 C21 a script in which a %s never answers goes on behind its last await',
  (silent) => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--conditions=@prisma-brisk/source', '--import', 'tsx', script, silent],
      { encoding: 'utf8', timeout: 50_000 },
    )
    expect({ stdout, status, stderr: status === 0 ? '' : stderr }).toEqual({
      stdout: 'ended',
      status: 0,
      stderr: '',
    })
  },
)
