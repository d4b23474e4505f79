import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runBrisk } from '../src/cli/command.ts'
import { replaceDependency } from '../src/init/accelerate/dependency-lines.ts'

/** Leaving Accelerate by `brisk init --from-accelerate`: all of it, or nothing. */
const files = {
  'prisma/schema.prisma': `generator client {
  provider = "prisma-client"
  output   = "../src/generated"
}

datasource db {
  provider = "postgresql"
}
`,
  'package.json': `{
  "name": "shop",
  "dependencies": {
    "@prisma/client": "7.10.0",
    "@prisma/extension-accelerate": "^3.0.1",
    "express": "5.3.0"
  }
}
`,
  'src/db.ts': `import { withAccelerate } from "@prisma/extension-accelerate";
import { PrismaClient } from "./generated/client";

export const prisma = new PrismaClient({
  accelerateUrl: process.env.DATABASE_URL,
  log: ["warn"],
}).$extends(withAccelerate());
`,
  'src/report.ts': `import type { AccelerateInfo } from '@prisma/extension-accelerate'

export const line = (info: AccelerateInfo | null) => info?.cacheStatus
`,
}

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'brisk-accelerate-'))
})
afterEach(() => rmSync(cwd, { recursive: true, force: true }))

const put = (given: Record<string, string>) => {
  for (const [path, text] of Object.entries(given)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true })
    writeFileSync(join(cwd, path), text)
  }
}
const read = (path: string) => readFileSync(join(cwd, path), 'utf8')
const all = () =>
  Object.fromEntries(
    readdirSync(cwd, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !join(entry.parentPath, '/').includes('/.git/'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path, 'utf8')]),
  )
async function move({ answer = true, flags = [] as string[] } = {}) {
  let output = ''
  const say = (text: string) => void (output += text)
  const code = await runBrisk(['init', '--from-accelerate', ...flags], {
    cwd,
    stdout: say,
    stderr: say,
    confirm: async () => answer,
  })
  return { code, output }
}

test('shows the change, asks, and writes import, driver adapter and dependencies', async () => {
  put({ ...files, '.env': 'DATABASE_URL="prisma://accelerate.prisma-data.net/?api_key=secret"\n' })
  const { code, output } = await move()
  expect(code).toBe(0)
  expect(read('src/db.ts')).toBe(`import { withAccelerate } from "prisma-brisk/accelerate";
import { PrismaClient } from "./generated/client";
import { PrismaPg } from "@prisma/adapter-pg";

export const prisma = new PrismaClient({
  adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }),
  log: ["warn"],
}).$extends(withAccelerate());
`)
  expect(read('src/report.ts')).toContain(`from 'prisma-brisk/accelerate'`)
  expect(read('package.json')).toMatch(
    /"@prisma\/client": "7.10.0",\n {4}"@prisma\/adapter-pg": "7.10.0",\n {4}"prisma-brisk": "\^[\d.]+",\n {4}"express"/,
  )
  expect(JSON.parse(read('package.json'))).toBeTruthy()
  expect(output).toContain('.env:1: put the URL of the database itself into DATABASE_URL')
  expect(output).not.toContain('secret')
  expect(read('.env')).toContain('secret')
  expect((await move()).output).toContain('Already set up')
})

test('writes nothing where the answer is no', async () => {
  put(files)
  const before = all()
  const { code, output } = await move({ answer: false })
  expect(code).toBe(1)
  expect(output).toContain('+import { withAccelerate } from "prisma-brisk/accelerate";')
  expect(all()).toEqual(before)
})

test('a module in CommonJS, and an option that is passed by its name', async () => {
  put({
    ...files,
    'src/db.ts': '',
    'src/db.js': `const { withAccelerate } = require('@prisma/extension-accelerate')
const { PrismaClient } = require('./generated/client')
const accelerateUrl = process.env.DATABASE_URL
module.exports = new PrismaClient({ accelerateUrl }).$extends(withAccelerate())
`,
  })
  expect((await move({ flags: ['--yes'] })).code).toBe(0)
  expect(read('src/db.js')).toBe(`const { withAccelerate } = require('prisma-brisk/accelerate')
const { PrismaClient } = require('./generated/client')
const { PrismaPg } = require('@prisma/adapter-pg')
const accelerateUrl = process.env.DATABASE_URL
module.exports = new PrismaClient({ adapter: new PrismaPg({ connectionString: accelerateUrl }) }).$extends(withAccelerate())
`)
})

test('MySQL has its own adapter', async () => {
  put({ ...files, 'prisma/schema.prisma': files['prisma/schema.prisma'].replace('postgresql', 'mysql') })
  expect((await move({ flags: ['--yes'] })).code).toBe(0)
  expect(read('src/db.ts')).toContain(`adapter: new PrismaMariaDb(process.env.DATABASE_URL ?? '')`)
  expect(read('package.json')).toContain('"@prisma/adapter-mariadb": "7.10.0"')
})

const client = (options: string) => `import { withAccelerate } from '@prisma/extension-accelerate'
import { PrismaClient } from './generated/client'
export const prisma = new PrismaClient(${options}).$extends(withAccelerate())
`
const unsure: [string, Record<string, string>, string][] = [
  [
    'several clients',
    { 'src/other.ts': files['src/db.ts'] },
    'There are 2 clients of Accelerate (src/db.ts, src/other.ts)',
  ],
  ['a client of a test', { 'test/db.test.ts': files['src/db.ts'] }, 'There are 2 clients'],
  ['no options', { 'src/db.ts': client('') }, 'src/db.ts:3: a client whose options are not written there'],
  ['options of elsewhere', { 'src/db.ts': client('options') }, 'whose options are not written there'],
  [
    'options that are put together',
    { 'src/db.ts': client('{ ...options }') },
    'options that are put together',
  ],
  ['Prisma 6', { 'src/db.ts': client(`{ log: [] }`) }, 'upgrade first'],
  ['Prisma 6 with a URL', { 'src/db.ts': client(`{ datasourceUrl: url }`) }, 'upgrade first'],
  ['both', { 'src/db.ts': client('{ adapter, accelerateUrl }') }, 'both an adapter'],
  [
    'a URL in the code',
    { 'src/db.ts': client(`{ accelerateUrl: 'prisma://a/?api_key=secret' }`) },
    'src/db.ts:3: a URL of Accelerate',
  ],
  [
    'a URL that is looked at',
    { 'src/url.ts': 'export const is = (url: string) => url.startsWith(`prisma+postgres://`)\n' },
    'src/url.ts:1',
  ],
  [
    'an option elsewhere',
    { 'src/options.ts': 'export const options = { accelerateUrl: 1 }\n' },
    'src/options.ts:1: `accelerateUrl` outside',
  ],
  [
    'another import',
    { 'src/x.ts': `import { makeAccelerateExtension } from '@prisma/extension-accelerate'\n` },
    'src/x.ts:1: another import',
  ],
  [
    'all of it',
    { 'src/x.ts': `import * as accelerate from '@prisma/extension-accelerate'\n` },
    'another import',
  ],
  [
    'an import at run time',
    { 'src/x.ts': `void import('@prisma/extension-accelerate')\n` },
    'src/x.ts:1: another use',
  ],
  [
    'an export',
    { 'src/x.ts': `export { withAccelerate } from '@prisma/extension-accelerate'\n` },
    'another use',
  ],
  [
    'a class',
    {
      'src/x.ts': `import { withAccelerate } from '@prisma/extension-accelerate'\nclass Db extends PrismaClient {}\n`,
    },
    'Db extends PrismaClient',
  ],
  ['what cannot be parsed', { 'src/x.ts': 'const withAccelerate = ;\n' }, 'src/x.ts could not be parsed'],
  [
    'another database',
    { 'prisma/schema.prisma': files['prisma/schema.prisma'].replace('postgresql', 'mongodb') },
    'For mongodb there is no adapter',
  ],
  [
    'a dependency twice',
    {
      'package.json':
        '{ "dependencies": { "@prisma/extension-accelerate": "3" }, "overrides": { "@prisma/extension-accelerate": "3" } }',
    },
    'more than once',
  ],
]
test.each(unsure)('%s: it says so, and changes nothing', async (_, given, reason) => {
  put({ ...files, ...given })
  const before = all()
  const { code, output } = await move({ flags: ['--yes'] })
  expect(output).toContain(reason)
  expect(output).not.toContain('secret')
  expect(code).toBe(2)
  expect(all()).toEqual(before)
})

test('a working tree with changes: it says so, and changes nothing', async () => {
  put(files)
  const git = (...args: string[]) => execFileSync('git', args, { cwd, stdio: 'pipe' })
  git('init', '-q')
  git('add', '-A')
  git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-qm', 'a')
  put({ 'src/unfinished.ts': 'export {}\n' })
  const before = all()
  expect(await move({ flags: ['--yes'] })).toMatchObject({
    code: 2,
    output: expect.stringContaining('The working tree has 1 uncommitted change.') as string,
  })
  expect(all()).toEqual(before)
  rmSync(join(cwd, 'src/unfinished.ts'))
  expect((await move({ flags: ['--yes'] })).code).toBe(0)
})

test('a project without Accelerate has nothing to leave', async () => {
  put({ 'src/db.ts': 'export {}\n', 'package.json': '{}' })
  expect(await move()).toEqual({ code: 0, output: 'Already set up, nothing to do.\n' })
  expect(existsSync(join(cwd, 'prisma'))).toBe(false)
})

test.each([
  ['{\n  "a": { "x": "1", "y": "2" }\n}', [['z', '3']], '{\n  "a": {"z": "3", "y": "2" }\n}'],
  ['{\n  "a": {\n    "x": "1"\n  }\n}', [], '{\n  "a": {\n  }\n}'],
  ['{\n  "a": {\n    "w": "0",\n    "x": "1"\n  }\n}\n', [], '{\n  "a": {\n    "w": "0"\n  }\n}\n'],
  ['{\n  "a": {\n    "x": "1",\n    "z": "3"\n  }\n}\n', [['z', '3']], '{\n  "a": {\n    "z": "3"\n  }\n}\n'],
  ['{ "x": "1", "b": { "x": "1" } }', [], null],
] as [string, [string, string][], string | null][])('%j with %j for x', (text, others, result) => {
  const replaced = replaceDependency(text, 'x', others)
  if (result === null) return expect(replaced).toBeNull()
  expect(JSON.parse(replaced ?? '')).toEqual(JSON.parse(result))
})
