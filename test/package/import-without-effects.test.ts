import { run } from '../../scripts/program.ts'
import { ROOT } from '../../scripts/workspace.ts'

/** What Workers refuse while the modules of a program load: randomness and timers. */
const refusing = `import crypto from 'node:crypto'
import timers from 'node:timers'
import { syncBuiltinESMExports } from 'node:module'
const refuse = (name) => () => { throw new Error(name + ' while modules load') }
for (const name of ['randomUUID', 'randomBytes', 'randomFillSync', 'randomInt']) crypto[name] = refuse(name)
for (const name of ['setTimeout', 'setInterval', 'setImmediate']) timers[name] = globalThis[name] = refuse(name)
syncBuiltinESMExports()
const suite = await import('prisma-brisk')
suite.brisk({ cache: { store: suite.memoryStore() }, slowQuery: { sinks: [suite.consoleSink()] } })
process.stdout.write('loaded')
`

test('the built packages load, and brisk() is called, without randomness or timers: Workers refuse them there', async () => {
  const args = ['-u', 'NODE_OPTIONS', process.execPath, '--input-type=module', '--eval', refusing]
  expect(await run('env', args, ROOT)).toEqual({ code: 0, output: 'loaded' })
}, 60_000)
