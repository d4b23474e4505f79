import { join } from 'node:path'
import { run } from '../../../scripts/program.ts'

test('B31 KB17 KR12 nothing of a batch is held once its calls are answered, nothing of a mount once its client is gone', async () => {
  const script = join(import.meta.dirname, 'support/answered-run.ts')
  const { code, output } = await run(
    process.execPath,
    ['--conditions=@prisma-brisk/source', '--import', 'tsx', script],
    join(import.meta.dirname, '../../..'),
  )
  const lines = output.split('\n').filter((line) => line.startsWith('{'))
  const kinds = ['alone', 'single', 'shared', 'list', 'first', 'created', 'unmerged']
  expect({ code, told: lines.map((line) => JSON.parse(line) as unknown), output }).toMatchObject({
    code: 0,
    told: [
      ...kinds.map((kind) => `${kind}, once`),
      ...kinds.map((kind) => `${kind}, again`),
      'mounts',
      'contexts',
    ].map((kind) => ({ kind, answered: true, held: 0 })),
  })
})
