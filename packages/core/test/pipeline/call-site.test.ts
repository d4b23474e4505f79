import { callSiteOf, readFrames } from '../../src/pipeline/call-site.ts'

test('frames of every form that V8 prints', () => {
  const stack = `Error: of two
lines
    at load (/app/src/load.ts:3:14)
    at async Service.list (file:///app/src/a%20b.ts:10:2)
    at new Loader (C:\\app\\loader.js:1:1)
    at Page (/app/(group)/page.tsx:7:9)
    at async /app/(group)/layout.tsx:8:1
    at file:///app/top.ts:1:1
    at eval (eval at load (/app/eval.ts:3:4), <anonymous>:1:1)
    at eval (eval at <anonymous> (eval at load (/app/eval.ts:5:6)), <anonymous>:1:1)
    at async Promise.all (index 0)
    at Array.map (<anonymous>)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)`
  expect(
    [...readFrames(stack)].map(({ method, file, line, column }) => [method, file, line, column]),
  ).toEqual([
    ['load', '/app/src/load.ts', 3, 14],
    ['async Service.list', 'file:///app/src/a%20b.ts', 10, 2],
    ['new Loader', 'C:\\app\\loader.js', 1, 1],
    ['Page', '/app/(group)/page.tsx', 7, 9],
    ['', '/app/(group)/layout.tsx', 8, 1],
    ['', 'file:///app/top.ts', 1, 1],
    ['eval', '/app/eval.ts', 3, 4],
    ['eval', '/app/eval.ts', 5, 6],
    ['process.processTicksAndRejections', 'node:internal/process/task_queues', 95, 5],
  ])
  expect([...readFrames([{ getFileName: () => '/app/load.ts' }])]).toEqual([])
})

const at = (...places: string[]): string =>
  ['Error', ...places.map((place) => `    at f (${place})`)].join('\n')

test.each([
  [['/app/node_modules/@prisma/client/runtime/client.js:1:1', '/app/src/a.ts:2:3'], '/app/src/a.ts:2:3'],
  [['node:internal/x:1:1', 'file:///app/a%20b.ts:2:3'], '/app/a b.ts:2:3'],
  // an application may be laid out as this project is
  [['/app/packages/core/src/a.ts:2:3'], '/app/packages/core/src/a.ts:2:3'],
  [['/app/packages/api/src/a.ts:2:3'], '/app/packages/api/src/a.ts:2:3'],
  [['C:\\app\\node_modules\\x\\a.js:1:1', 'C:\\app\\a.js:2:3'], 'C:\\app\\a.js:2:3'],
  [['<anonymous>:1:1'], null],
])('the first frame of the application in %j', (places, site) => {
  expect(callSiteOf(at(...places))).toBe(site)
})

test('the suite is no application, also where its packages are linked', () => {
  const here = import.meta.filename.replace(/core[\\/]test[\\/].*$/, '')
  const linked = ['core/src/mount.ts', 'pagination/dist/walk.js'].map((file) => `${here}${file}:1:1`)
  expect(callSiteOf(at(...linked, '/app/a.ts:2:3'))).toBe('/app/a.ts:2:3')
  expect(callSiteOf(at(`${here}core/test/a.ts:1:1`))).toBe(`${here}core/test/a.ts:1:1`)
  expect(callSiteOf(null)).toBeNull()
})
