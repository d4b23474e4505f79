import { join } from 'node:path'
import { run } from '../../scripts/program.ts'

const REQUESTS = 250
/** Prisma keeps its last 100 transactions, and with them the calls in whose context they ended. */
const LAST_TRANSACTIONS = 100

test('KR12 a client extended for each request leaves nothing behind: no listener, no client', async () => {
  const script = join(import.meta.dirname, 'support/request-clients-run.ts')
  const { code, output } = await run(
    process.execPath,
    ['--conditions=@prisma-brisk/source', '--import', 'tsx', script, String(REQUESTS)],
    join(import.meta.dirname, '../..'),
  )
  const line = output.split('\n').find((each) => each.startsWith('{"plain"')) ?? '{}'
  interface Left {
    held: number
    listeners: number
  }
  const { extended } = JSON.parse(line) as { extended?: [Left, Left] }
  expect({ code, output, extended }).toMatchObject({ code: 0, extended: [{}, {}] })
  const [first, second] = extended as [Left, Left]
  expect(second.listeners).toBe(first.listeners)
  expect(second.listeners).toBeLessThan(10)
  expect(Math.max(first.held, second.held)).toBeLessThanOrEqual(LAST_TRANSACTIONS + 1)
})
