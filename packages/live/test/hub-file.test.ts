import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { announceHub, findHub } from '../src/hub/hub-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'brisk-hubs-'))
afterAll(() => rmSync(directory, { recursive: true }))

let port = 5000
/** Says that a hub runs in a directory, and gives its address. */
function running(cwd: string): string {
  const address = `http://127.0.0.1:${port++}/?token=t`
  announceHub({ pid: process.pid, address, cwd }, directory)
  return address
}
const found = (cwd: string, environment = {}) => findHub(cwd, environment, directory)

test('a command means the hub of its own project, never that of another', () => {
  const shop = running('/work/shop')
  const inner = running('/work/shop/packages/api')
  expect(found('/work/shop')).toBe(shop)
  expect(found('/work/shop/src')).toBe(shop)
  expect(found('/work/shop/packages/api/src')).toBe(inner)
  // From above, as at the root of a monorepo.
  expect([shop, inner]).toContain(found('/work'))
  for (const elsewhere of ['/work/shop-2', '/tmp/project', '/work/blog']) expect(found(elsewhere)).toBeNull()
  expect(found('/elsewhere', { BRISK_LIVE: 'http://127.0.0.1:1/?token=x' })).toBe(
    'http://127.0.0.1:1/?token=x',
  )
})
