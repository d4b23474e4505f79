import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** The memory of a hub, on the real heap. */

const MAX = 8 * 1024 * 1024

test('whatever is told to a hub, it takes no more memory than it is given, and what it says it takes is no less than that', () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [
      '--expose-gc',
      '--conditions',
      '@prisma-brisk/source',
      '--import',
      'tsx',
      join(import.meta.dirname, 'support/history-heap-run.ts'),
      String(MAX),
    ],
    { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const runs = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; perRequest: number; said: number; used: number })
  expect(runs.length).toBeGreaterThanOrEqual(16)
  for (const { said, used, ...run } of runs) {
    const megabytes = Math.round(used / 104_857.6) / 10
    expect({ ...run, megabytes, isSaid: said <= MAX, isKept: used <= 1.1 * MAX }).toEqual({
      ...run,
      megabytes,
      isSaid: true,
      isKept: true,
    })
  }
})
